using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Assignment;
using TicMate.Tickets.Contracts;
using Wolverine;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Triage;

/// <summary>Put the advice on the ticket and give it to the one who fits.</summary>
/// <param name="FallbackReason">Why the model did not advise, when the built-in advisor stood in for it.</param>
public sealed record RecordTriage(Guid TicketId, TriageAdvice Advice, string? FallbackReason);

public static class RecordTriageHandler
{
    public static async Task<Candidate[]> LoadAsync(RecordTriage command, IDocumentSession session, CancellationToken ct)
    {
        session.LastModifiedBy = $"agent:{command.Advice.Advisor}";
        return await Candidates.HoldAsync(session, command.Advice.Skills, ct);
    }

    // Messages may arrive twice; a ticket is triaged once.
    public static HandlerContinuation Validate(Ticket? ticket) =>
        ticket is null or { TriagedBy: not null } or { IsErased: true } ? HandlerContinuation.Stop : HandlerContinuation.Continue;

    public static (TicketTriaged, TicketAssigned?, TicketLeftUnassigned?, TurnedAway?, OutgoingMessages) Handle(
        RecordTriage command, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, Candidate[] candidates)
    {
        var (id, advice) = (ticket!.Id, command.Advice);
        var triaged = new TicketTriaged(id, advice.Advisor, advice.Priority, advice.Skills, advice.Notes, advice.Summary, command.FallbackReason);

        if (ticket.AssigneeId is not null || !ticket.IsOpen || ticket.DeletedAt is not null)
            return (triaged, null, null, null, []);

        var choice = SkillMatch.Choose(candidates, advice.Skills, ticket.ReleasedBy);
        return choice.Assignee is { } assignee
            ? (triaged, new TicketAssigned(id, assignee, null, choice.Matched, choice.Reason), null, null, TellAssignee.Of(ticket, assignee))
            : (triaged, null, new TicketLeftUnassigned(id, choice.Reason), new TurnedAway(choice.Full), []);
    }
}
