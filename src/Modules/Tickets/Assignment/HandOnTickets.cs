using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using Wolverine;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Assignment;

/// <summary>Somebody may not work on tickets any more, or not in the same role: see who takes over, a page at a time.</summary>
public sealed record HandOnTickets(Guid UserId, int AfterNumber = 0);

/// <summary>Give one ticket to somebody else, unless its assignee may keep it.</summary>
public sealed record HandOnTicket(Guid TicketId, Guid UserId);

public static class HandOnTicketsHandler
{
    private const int Page = 200;

    public static async Task<IReadOnlyList<Ticket>> LoadAsync(HandOnTickets command, IQuerySession session, CancellationToken ct) =>
        await session.LoadAsync<User>(command.UserId, ct) is { MayWork: true } ? []
        : await session.Query<Ticket>()
            .Where(t => t.AssigneeId == command.UserId && t.Status != Status.Completed && t.DeletedAt == null && t.Number > command.AfterNumber)
            .OrderBy(t => t.Number).Take(Page).ToListAsync(ct);

    public static IEnumerable<object> Handle(HandOnTickets command, IReadOnlyList<Ticket> tickets)
    {
        foreach (var ticket in tickets)
            yield return new HandOnTicket(ticket.Id, command.UserId);

        if (tickets.Count == Page)
            yield return command with { AfterNumber = tickets[^1].Number };
    }
}

public static class HandOnTicketHandler
{
    public static Task<Candidate[]> LoadAsync(HandOnTicket command, IDocumentSession session, CancellationToken ct)
    {
        session.LastModifiedBy = "system:hand-on";
        return Candidates.HoldAsync(session, ct);
    }

    // The message may come twice, and the person may be back by now.
    public static HandlerContinuation Validate(HandOnTicket command, Ticket? ticket, Candidate[] candidates) =>
        ticket is { IsOpen: true, DeletedAt: null } && ticket.AssigneeId == command.UserId && candidates.All(c => c.Person.Id != command.UserId)
            ? HandlerContinuation.Continue : HandlerContinuation.Stop;

    public static (TicketAssigned?, TicketUnassigned?, TurnedAway?, OutgoingMessages) Handle(
        HandOnTicket command, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, Candidate[] candidates)
    {
        var choice = SkillMatch.Choose(candidates, ticket!.RelatedSkills, ticket.ReleasedBy);
        return choice.Assignee is { } assignee
            ? (new TicketAssigned(ticket.Id, assignee, null, choice.Matched, choice.Reason, command.UserId), null, null, TellAssignee.Of(ticket, assignee))
            : (null, new TicketUnassigned(ticket.Id, command.UserId, choice.Reason), new TurnedAway(choice.Full), []);
    }
}
