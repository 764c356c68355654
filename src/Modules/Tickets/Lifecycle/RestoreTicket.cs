using TicMate.Identity.Contracts;
using TicMate.Tickets.Assignment;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;
using Wolverine;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Lifecycle;

public sealed record RestoreTicket : TicketRequest;

public static class RestoreTicketEndpoint
{
    /// <summary>After this time the words of a deleted ticket are erased.</summary>
    public static readonly TimeSpan Keeps = TimeSpan.FromDays(30);

    public static ProblemDetails Validate(RestoreTicket request, Ticket? ticket, CurrentUser user, IfMatch match, DateTimeOffset now) =>
        (ticket is not null && user.Id == ticket.AuthorId ? null : TicketGuard.Unseen(ticket, user))
        ?? (user.Role is Roles.Admin || user.Id == ticket!.AuthorId ? null : Refuse.Forbidden("A ticket is restored by its owner or by an admin."))
        ?? request.FaultsFor(ticket!).Refusal ?? match.Stale(ticket!.Version) ?? TooLate(ticket, now) ?? WolverineContinue.NoProblems;

    /// <summary>409 when the ticket was deleted too long ago to come back.</summary>
    public static ProblemDetails? TooLate(Ticket ticket, DateTimeOffset now) => ticket.DeletedAt is null || (!ticket.IsErased && now - ticket.DeletedAt <= Keeps) ? null
        : Refuse.With(409, "restore-window-over", $"A deleted ticket can be restored for {Keeps.Days} days; this one's words are gone.");

    [WolverinePost("/api/tickets/{ticketId}/restore")]
    [ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (TicketChanged, TicketRestored?, OutgoingMessages) Post(
        RestoreTicket _, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, CurrentUser user)
    {
        if (ticket!.DeletedAt is null)
            return (new TicketChanged(ticket.Id, "The ticket is not deleted."), null, []);

        // Whoever had it may have left meanwhile, or somebody who fits may have come.
        var assignee = ticket.IsOpen ? ticket.AssigneeId : null;
        return (new TicketChanged(ticket.Id, "The ticket is back."), new TicketRestored(ticket.Id, user.Id, assignee),
            assignee is { } person ? [new HandOnTicket(ticket.Id, person)] : [new HandOutTicket(ticket.Id)]);
    }
}
