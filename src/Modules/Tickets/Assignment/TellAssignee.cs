using System.Globalization;
using Marten;
using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;
using Wolverine;

namespace TicMate.Tickets.Assignment;

/// <summary>Mail the new assignee about their ticket.</summary>
/// <param name="Version">The version of the ticket that the assignment changed: each assignment is told with a mail of its own, once.</param>
public sealed record TellAssignee(Guid TicketId, Guid AssigneeId, int Version) : ISendsMail
{
    /// <summary>Tells whom the agent chose, or a person who is not the assignee; what was imported silently stays so until a person assigns it.</summary>
    public static OutgoingMessages Of(Ticket before, Guid assigneeId, Guid? byId = null) =>
        byId == assigneeId || before.Silent && byId is null ? [] : [new TellAssignee(before.Id, assigneeId, before.Version)];
}

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
                command.AssigneeId, $"assigned.{ticket.Id:N}.{command.AssigneeId:N}.{command.Version}", $"[#{ticket.Number}] Assigned to you: {ticket.Title}",
                $"""
                Ticket #{ticket.Number} is yours now.

                {ticket.Title}
                Priority: {ticket.Priority}. Skills: {(ticket.RelatedSkills is [] ? "none found" : string.Join(", ", ticket.RelatedSkills))}.
                {(ticket.Deadline is { } deadline ? $"Deadline: {InWords(deadline)}.\n" : "")}
                {ticket.Summary}

                {options.Value.LinkTo(ticket.Id)}
                """),
            ct);

    public static string InWords(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
