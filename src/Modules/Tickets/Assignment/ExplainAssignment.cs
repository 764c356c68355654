using System.Text.Json.Serialization;
using Marten;
using Marten.Events;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Assignment;

/// <param name="Kind">person, ai or system.</param>
public sealed record AssignedByView(string Kind, Guid? Id, string Name);

/// <summary>How the ticket came to be whose it is, or nobody's.</summary>
/// <param name="Stands">A person decided it, so the agent leaves it at that.</param>
public sealed record AssignmentView(
    PersonView? AssignedTo, AssignedByView? By, DateTimeOffset? At, string Reason, string[] MatchedSkills, bool Stands);

/// <param name="Eligible">Whether the agent may give the ticket to them.</param>
/// <param name="WhyNot">Why it may not.</param>
public sealed record CandidateView(
    Guid Id, string Name, string[] MatchedSkills, int OpenTickets, int? Capacity, DateTimeOffset? LastAssignedAt, bool Eligible, string? WhyNot)
{
    [JsonPropertyName("_id")]
    public Guid UnderscoreId => Id;
}

public sealed record AssignmentAnswer(AssignmentView Assignment, string[] NeededSkills, IReadOnlyList<CandidateView> Candidates) : Answer;

/// <summary>Why a ticket is whose it is, and who else could have it, in the order in which the agent would choose them now.</summary>
public static class ExplainAssignmentEndpoint
{
    private const int MostCandidates = 50;

    public static ProblemDetails Validate(Ticket? ticket, CurrentUser user) =>
        TicketGuard.Unseen(ticket, user) ?? AssignTicketEndpoint.StaffOnly(user) ?? WolverineContinue.NoProblems;

    [WolverineGet("/api/tickets/{ticketId}/assignment")]
    [ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<AssignmentAnswer> Get([ReadModel] Ticket? ticket, CurrentUser user, IQuerySession session, IPeople people, CancellationToken ct)
    {
        var ranked = SkillMatch.Rank(await Candidates.ReadAsync(session, ct), ticket!.RelatedSkills, ticket.ReleasedBy).Take(MostCandidates).ToArray();
        var last = await session.Events.QueryAllRawEvents()
            .Where(e => e.StreamId == ticket.Id && e.EventTypesAre(typeof(TicketAssigned), typeof(TicketUnassigned), typeof(TicketLeftUnassigned)))
            .OrderByDescending(e => e.Version).Take(1).FirstOrDefaultAsync(ct);

        var (by, reason, matched) = Told(last?.Data);
        Guid[] named = [.. ranked.Select(r => r.Candidate.Person.Id), .. new[] { ticket.AssigneeId, by }.OfType<Guid>()];
        var names = await people.NamesAsync([.. named.Distinct()], ct);
        return new AssignmentAnswer(
            new AssignmentView(
                ticket.AssigneeId is { } assignee ? new PersonView(assignee, names[assignee]) : null,
                last is null ? null : by is { } person ? new AssignedByView("person", person, names[person]) : Machine(last.UserName),
                last?.Timestamp, reason, matched, ticket.AssignmentStands),
            ticket.RelatedSkills,
            [.. ranked.Select(r => View(r, names))]);
    }

    private static (Guid? By, string Reason, string[] Matched) Told(object? last) => last switch
    {
        TicketAssigned e => (e.ById, e.Reason, e.Matched),
        TicketUnassigned e => (e.ById, e.Reason, []),
        TicketLeftUnassigned e => (null, e.Reason, []),
        _ => (null, "The agent has not looked at the ticket yet.", []),
    };

    private static AssignedByView Machine(string? userName) => (userName ?? "").Split(':', 2) switch
    {
        ["agent", var advisor] => new AssignedByView("ai", null, advisor),
        [.., var part] => new AssignedByView("system", null, part),
        _ => new AssignedByView("system", null, ""),
    };

    private static CandidateView View(Ranked ranked, IReadOnlyDictionary<Guid, string> names)
    {
        var ((person, open, last), matched, whyNot) = ranked;
        return new(person.Id, names[person.Id], matched, open, person.Capacity, last, whyNot is null, whyNot);
    }
}
