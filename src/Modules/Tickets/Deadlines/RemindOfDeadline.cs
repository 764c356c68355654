using Marten;
using TicMate.Tickets.Contracts;
using Wolverine;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Deadlines;

/// <summary>See whether a ticket's deadline is near or over, and say so once.</summary>
/// <param name="At">The time of asking.</param>
public sealed record RemindOfDeadline(Guid TicketId, DateTimeOffset At);

public static class RemindOfDeadlineHandler
{
    public static void Before(IDocumentSession session) => session.LastModifiedBy = "system:deadline";

    // Whoever asks may have seen an older ticket than this one.
    public static HandlerContinuation Validate(RemindOfDeadline command, Ticket? ticket) =>
        Due(ticket, command.At) is null ? HandlerContinuation.Stop : HandlerContinuation.Continue;

    public static (TicketDeadlineNeared?, TicketDeadlinePassed?, OutgoingMessages) Handle(
        RemindOfDeadline command, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket)
    {
        var (due, deadline) = (Due(ticket, command.At)!.Value, ticket!.Deadline!.Value);

        // What was imported silently stays silent until a person takes it up.
        OutgoingMessages mail = ticket.AssigneeId is { } assignee && (!ticket.Silent || ticket.AssignmentStands)
            ? [new TellOfDeadline(ticket.Id, assignee, deadline, due, ticket.Version)] : [];
        return due is DeadlineStage.Near
            ? (new TicketDeadlineNeared(ticket.Id, deadline), null, mail)
            : (null, new TicketDeadlinePassed(ticket.Id, deadline), mail);
    }

    /// <summary>What is to be said of the ticket's deadline at this time. A warning that comes too late is left out.</summary>
    public static DeadlineStage? Due(Ticket? ticket, DateTimeOffset at) =>
        ticket?.RemindAt <= at ? ticket.Deadline <= at ? DeadlineStage.Over : DeadlineStage.Near : null;
}
