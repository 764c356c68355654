using System.Text.Json.Serialization;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Lifecycle;

public sealed record DeleteTicket(
    [property: JsonPropertyName("ticketId")] Reference? Named = null, Reference? Id = null, [property: JsonPropertyName("_id")] Reference? UnderscoreId = null)
{
    [JsonIgnore]
    public Guid TicketId => Reference.FirstOf(Named, Id, UnderscoreId);

    /// <summary>A body may name the ticket again, but not another one.</summary>
    public bool NamesAnother(Ticket ticket) => Reference.IsAnother(ticket.Id, Named, Id, UnderscoreId);
}

/// <summary>Deleted, a ticket is gone for everyone but admins, and comes back as it was when it is restored.</summary>
public static class DeleteTicketEndpoint
{
    public static ProblemDetails Validate(DeleteTicket request, Ticket? ticket, CurrentUser user, IfMatch match) =>
        TicketGuard.Unseen(ticket, user)
        ?? (user.Role is Roles.Admin || user.Id == ticket!.AuthorId ? null : Refuse.Forbidden("A ticket is deleted by its owner or by an admin."))
        ?? new Faults().When(request.NamesAnother(ticket!), "id", "The request names more than one ticket.").Refusal
        ?? match.Stale(ticket!.Version) ?? WolverineContinue.NoProblems;

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
