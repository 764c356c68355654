using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Assignment;

/// <summary>Someone who may get a ticket, and how much they have to do.</summary>
public sealed record Candidate(User Person, int OpenTickets, DateTimeOffset? LastAssignedAt);

/// <summary>Who gets the ticket, or nobody, and why.</summary>
public sealed record Choice(Guid? Assignee, string[] Matched, string Reason);

/// <summary>
/// Skills are compared whole and without case: "Java" is not "JavaScript". Of the active moderators (of the admins, when there is no
/// moderator) the one with the most of the needed skills gets the ticket, then the one with the fewest open tickets, then the one who
/// has waited longest.
/// </summary>
public static class SkillMatch
{
    public static Choice Choose(IReadOnlyList<Candidate> staff, string[] skills)
    {
        if (skills.Length == 0)
            return Nobody("The ticket's text points at no skill that the staff have.");

        var moderators = staff.Where(c => c.Person is { IsActive: true, Role: Roles.Moderator }).ToArray();
        var candidates = moderators.Length > 0 ? moderators : [.. staff.Where(c => c.Person is { IsActive: true, Role: Roles.Admin })];

        var best = candidates
            .Select(c => (Candidate: c, Matched: Matched(c.Person.Skills, skills)))
            .Where(c => c.Matched.Length > 0)
            .OrderByDescending(c => c.Matched.Length)
            .ThenBy(c => c.Candidate.OpenTickets)
            .ThenBy(c => c.Candidate.LastAssignedAt ?? DateTimeOffset.MinValue)
            .ThenBy(c => c.Candidate.Person.Id)
            .FirstOrDefault();

        return best.Candidate is null
            ? Nobody($"Nobody active has any of the skills {string.Join(", ", skills)}.")
            : new Choice(best.Candidate.Person.Id, best.Matched, $"Has {string.Join(", ", best.Matched)}; {best.Candidate.OpenTickets} open before this one.");
    }

    public static string[] Matched(string[] has, string[] needed) => [.. needed.Where(n => has.Contains(n, StringComparer.OrdinalIgnoreCase))];

    private static Choice Nobody(string reason) => new(null, [], reason);
}
