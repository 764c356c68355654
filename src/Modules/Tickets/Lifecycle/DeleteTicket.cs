using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Lifecycle;

public sealed record DeleteTicket : TicketRequest;

/// <summary>Deleted, a ticket is gone for everyone but admins, and comes back as it was when it is restored.</summary>
public static class DeleteTicketEndpoint
{
    public static ProblemDetails Validate(DeleteTicket request, Ticket? ticket, CurrentUser user, IfMatch match) =>
        TicketGuard.Unseen(ticket, user)
        ?? (user.Role is Roles.Admin || user.Id == ticket!.AuthorId ? null : Refuse.Forbidden("A ticket is deleted by its owner or by an admin."))
        ?? request.FaultsFor(ticket!).Refusal
        ?? match.Stale(ticket!.Version) ?? GoesOnForOthers(ticket) ?? WolverineContinue.NoProblems;

    /// <summary>409 when others were merged into the ticket: whoever wrote those would lose theirs with it.</summary>
    public static ProblemDetails? GoesOnForOthers(Ticket ticket) => ticket.Merged.Length == 0 || ticket.DeletedAt is not null ? null
        : Refuse.With(409, "ticket-goes-on-for-others", "Other tickets were merged into this one; staff must unmerge them first.");

    /// <summary>The original API's way, with the id in the body.</summary>
    [WolverineDelete("/api/tickets/delete-ticket")]
    [ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(412)]
    public static (TicketChanged, TicketDeleted?) DeleteNamed(
        DeleteTicket request, [WriteModel(nameof(DeleteTicket.TicketId), LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, CurrentUser user) =>
        Decide(ticket!, user);

    [WolverineDelete("/api/tickets/{ticketId}")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(412)]
    public static (TicketChanged, TicketDeleted?) Delete(
        DeleteTicket request, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, CurrentUser user) =>
        Decide(ticket!, user);

    private static (TicketChanged, TicketDeleted?) Decide(Ticket ticket, CurrentUser user) => ticket.DeletedAt is not null
        ? (new TicketChanged(ticket.Id, "The ticket is deleted already."), null)
        : (new TicketChanged(ticket.Id, "The ticket is deleted."), new TicketDeleted(ticket.Id, user.Id, ticket.IsOpen ? ticket.AssigneeId : null));
}
