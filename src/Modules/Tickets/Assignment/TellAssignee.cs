using Marten;
using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;
using Wolverine;

namespace TicMate.Tickets.Assignment;

/// <summary>Mail the new assignee about their ticket.</summary>
public sealed record TellAssignee(Guid TicketId, Guid AssigneeId);

public static class TellAssigneeHandler
{
    public static Task<Ticket?> LoadAsync(TellAssignee command, IQuerySession session, CancellationToken ct) =>
        session.LoadAsync<Ticket>(command.TicketId, ct);

    // A ticket that has moved on since is no news to this person.
    public static HandlerContinuation Validate(TellAssignee command, Ticket? ticket) =>
        ticket?.AssigneeId == command.AssigneeId ? HandlerContinuation.Continue : HandlerContinuation.Stop;

    public static Task HandleAsync(TellAssignee command, Ticket ticket, IPostOffice post, IOptions<TicketsOptions> options, CancellationToken ct) =>
        post.SendAsync(
            new Letter(
                command.AssigneeId, $"assigned.{ticket.Id:N}.{command.AssigneeId:N}", $"[#{ticket.Number}] Assigned to you: {ticket.Title}",
                $"""
                Ticket #{ticket.Number} is yours now.

                {ticket.Title}
                Priority: {ticket.Priority}. Skills: {(ticket.RelatedSkills is [] ? "none found" : string.Join(", ", ticket.RelatedSkills))}.

                {ticket.Summary}

                {options.Value.LinkTo(ticket.Id)}
                """),
            ct);
}
