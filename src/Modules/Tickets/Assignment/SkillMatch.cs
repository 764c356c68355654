using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Assignment;

/// <summary>Someone who may get a ticket, and how much they have to do.</summary>
public sealed record Candidate(User Person, int OpenTickets, DateTimeOffset? LastAssignedAt)
{
    public bool HasRoom => Person.Capacity is not { } capacity || OpenTickets < capacity;
}

/// <summary>Who gets the ticket, or nobody, and why.</summary>
public sealed record Choice(Guid? Assignee, string[] Matched, string Reason)
{
    /// <summary>Who fits as well, but has as many open tickets as they take.</summary>
    public Guid[] Full { get; init; } = [];
}

/// <summary>How one of the staff stands towards a ticket.</summary>
/// <param name="WhyNot">Why the agent does not give it to them; null when it may.</param>
public sealed record Ranked(Candidate Candidate, string[] Matched, string? WhyNot);

/// <summary>
/// Skills are compared whole and without case: "Java" is not "JavaScript". Of the active moderators (of the admins, when there is no
/// moderator) the one with the most of the needed skills gets the ticket, then the one with the fewest open tickets, then the one who
/// has waited longest. Who gave the ticket back does not get it again, and nobody gets more than their capacity.
/// </summary>
public static class SkillMatch
{
    private const string GaveItBack = "Gave this ticket back.";

    public static Choice Choose(IReadOnlyList<Candidate> staff, string[] skills, IReadOnlyCollection<Guid>? gaveBack = null)
    {
        if (skills.Length == 0)
            return Nobody("The ticket's text points at no skill that the staff have.");

        var fitting = Rank(staff, skills, gaveBack ?? []).Where(r => r.Matched.Length > 0 && MayBeGivenWork(r.Candidate, staff)).ToArray();
        Guid[] full = [.. fitting.Where(r => r.WhyNot is not null and not GaveItBack).Select(r => r.Candidate.Person.Id)];
        if (fitting.Length == 0)
            return Nobody($"Nobody active has any of the skills {string.Join(", ", skills)}.");

        if (fitting[0] is { WhyNot: null, Candidate: var best, Matched: var matched })
            return new(best.Person.Id, matched, $"Has {string.Join(", ", matched)}; {best.OpenTickets} open before this one.{Besides(full.Length)}") { Full = full };

        var (needed, back) = (string.Join(", ", skills), fitting.Length - full.Length);
        return Nobody($"Nobody with any of the skills {needed} can take it: {full.Length} with as many open tickets as they take, {back} who gave it back.")
            with { Full = full };
    }

    /// <summary>All of the staff, those who may get the ticket first, in the order in which they would.</summary>
    public static IReadOnlyList<Ranked> Rank(IReadOnlyList<Candidate> staff, string[] skills, IReadOnlyCollection<Guid> gaveBack) =>
    [
        .. staff.Select(c => Matched(c.Person.Skills, skills) is var matched ? new Ranked(c, matched, WhyNot(c, matched, staff, gaveBack)) : null!)
            .OrderBy(r => r.WhyNot is not null)
            .ThenByDescending(r => r.Matched.Length)
            .ThenBy(r => r.Candidate.OpenTickets)
            .ThenBy(r => r.Candidate.LastAssignedAt ?? DateTimeOffset.MinValue)
            .ThenBy(r => r.Candidate.Person.Id),
    ];

    /// <summary>Whether the agent gives this person tickets at all: moderators, and admins when there are none.</summary>
    public static bool MayBeGivenWork(Candidate candidate, IReadOnlyList<Candidate> staff) => candidate.Person is { IsActive: true } person
        && (person.Role is Roles.Moderator || person.Role is Roles.Admin && !staff.Any(c => c.Person is { IsActive: true, Role: Roles.Moderator }));

    public static string[] Matched(string[] has, string[] needed) => [.. needed.Where(n => has.Contains(n, StringComparer.OrdinalIgnoreCase))];

    private static string? WhyNot(Candidate candidate, string[] matched, IReadOnlyList<Candidate> staff, IReadOnlyCollection<Guid> gaveBack) =>
        !candidate.Person.MayWork ? "Is not active."
        : !MayBeGivenWork(candidate, staff) ? "Is an admin: they get tickets only while there is no moderator."
        : matched.Length == 0 ? "Has none of the needed skills."
        : gaveBack.Contains(candidate.Person.Id) ? GaveItBack
        : !candidate.HasRoom ? $"Has {candidate.OpenTickets} open tickets and takes at most {candidate.Person.Capacity}."
        : null;

    private static string Besides(int full) => full switch
    {
        0 => "",
        1 => " One more would fit but has no room.",
        _ => $" {full} more would fit but have no room.",
    };

    private static Choice Nobody(string reason) => new(null, [], reason);
}
