using Marten;
using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Assignment;
using Wolverine;

namespace TicMate.Tickets.Deadlines;

/// <summary>Mail the assignee that the deadline nears, or that it is over.</summary>
/// <param name="Version">The version of the ticket that it was noticed on: a deadline that is moved away and back is told again.</param>
public sealed record TellOfDeadline(Guid TicketId, Guid AssigneeId, DateTimeOffset Deadline, DeadlineStage Stage, int Version) : ISendsMail;

public static class TellOfDeadlineHandler
{
    public static Task<Ticket?> LoadAsync(TellOfDeadline command, IQuerySession session, CancellationToken ct) =>
        session.LoadAsync<Ticket>(command.TicketId, ct);

    // While the mail waited the ticket may have been done, moved or given to somebody else, who was told of the deadline with it.
    public static HandlerContinuation Validate(TellOfDeadline command, Ticket? ticket) =>
        ticket is { IsOpen: true, DeletedAt: null } && ticket.AssigneeId == command.AssigneeId && ticket.Deadline == command.Deadline
        && ticket.DeadlineStage == command.Stage ? HandlerContinuation.Continue : HandlerContinuation.Stop;

    public static Task HandleAsync(TellOfDeadline command, Ticket ticket, IPostOffice post, IOptions<TicketsOptions> options, CancellationToken ct) =>
        post.SendAsync(Letter(command, ticket, options.Value.LinkTo(ticket.Id)), ct);

    private static Letter Letter(TellOfDeadline command, Ticket ticket, string link)
    {
        var (word, subject, says) = command.Stage is DeadlineStage.Near
            ? ("near", "Deadline within a day", "is due in less than a day") : ("over", "Deadline over", "is overdue");
        return new(
            command.AssigneeId, $"deadline.{ticket.Id:N}.{command.Deadline.UtcTicks}.{word}.{command.Version}", $"[#{ticket.Number}] {subject}: {ticket.Title}",
            $"""
            Ticket #{ticket.Number}, which is yours, {says}.

            {ticket.Title}
            Deadline: {TellAssigneeHandler.InWords(command.Deadline)}. Priority: {ticket.Priority}.

            {link}
            """);
    }
}
