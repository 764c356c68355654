using TicMate.Identity.Contracts;
using TicMate.Tickets.Reading;

namespace TicMate.Tickets;

/// <summary>
/// What every change of a ticket asks first. A slice strings its checks together with <c>??</c>, in the order of the contract: not found, not
/// allowed, faults of the request, stale <c>If-Match</c>, conflict.
/// </summary>
public static class TicketGuard
{
    /// <summary>404 when the ticket does not exist for this person.</summary>
    public static ProblemDetails? Unseen(Ticket? ticket, CurrentUser user) =>
        ticket?.IsVisibleTo(user) is true ? null : Refuse.NotFound("ticket");

    /// <inheritdoc cref="Unseen(Ticket?, CurrentUser)"/>
    public static ProblemDetails? Unseen(StoredTicket? ticket, CurrentUser user) =>
        ticket?.IsVisibleTo(user) is true ? null : Refuse.NotFound("ticket");

    /// <summary>403 for owners; ask it after <see cref="Unseen"/>.</summary>
    public static ProblemDetails? NotStaff(CurrentUser user) => user.IsStaff ? null : Refuse.Forbidden("This is for staff.");

    /// <summary>409 when the ticket is read-only: deleted, or another one goes on for it.</summary>
    public static ProblemDetails? Frozen(Ticket ticket)
    {
        if (ticket.DeletedAt is not null)
            return Refuse.With(409, "ticket-deleted", "The ticket is deleted; restore it first.");

        if (ticket.MergedInto is null)
            return null;

        var problem = Refuse.With(409, "ticket-merged", "The ticket was merged into another one, which goes on for it.");
        problem.Extensions["mergedInto"] = ticket.MergedInto;
        return problem;
    }
}
