using System.Text.Json.Serialization;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Conversation;

public sealed record ReplyToTicket(
    Field<string> Message,
    [property: JsonPropertyName("ticketId")] Reference? Named = null,
    Reference? Id = null,
    [property: JsonPropertyName("_id")] Reference? UnderscoreId = null)
{
    [JsonIgnore]
    public Guid TicketId => Reference.FirstOf(Named, Id, UnderscoreId);
}

public static class ReplyToTicketEndpoint
{
    /// <summary>A completed ticket comes back to life when its owner replies within this time.</summary>
    public static readonly TimeSpan ReopensFor = TimeSpan.FromDays(14);

    public static ProblemDetails Validate(ReplyToTicket request, Ticket? ticket, CurrentUser user, IfMatch match, DateTimeOffset now) =>
        TicketGuard.Unseen(ticket, user) ?? new Faults().Text("message", request.Message, 10_000)
            .When(Reference.IsAnother(ticket!.Id, request.Named, request.Id, request.UnderscoreId), "id", "The body names more than one ticket.").Refusal ?? match.Stale(ticket!.Version) ?? TicketGuard.Frozen(ticket)
        ?? (ticket.ReplyCount >= Ticket.RepliesAllowed ? Refuse.With(409, "too-many-replies", $"A ticket has at most {Ticket.RepliesAllowed} replies; please open another.")
            : !user.IsStaff && now - ticket.CompletedAt > ReopensFor ? Refuse.With(409, "ticket-completed", "The ticket was completed long ago; please open a new one.")
            : WolverineContinue.NoProblems);

    [WolverinePut("/api/tickets/ticket-reply")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (TicketChanged, TicketReplied, TicketStatusChanged?) Put(
        ReplyToTicket request, [WriteModel(nameof(ReplyToTicket.TicketId), LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, CurrentUser user) =>
        (new TicketChanged(ticket!.Id, "Your reply is added."),
            new TicketReplied(ticket.Id, Guid.CreateVersion7(), user.Id, request.Message.Value!),
            Wakes(ticket, user) is { } status ? new TicketStatusChanged(ticket.Id, user.Id, ticket.Status, status, ticket.AssigneeId) : null);

    // The owner's word resumes a ticket that waits for it, and reopens a completed one. Staff reply without moving it.
    private static string? Wakes(Ticket ticket, CurrentUser user) => (user.Id == ticket.AuthorId, ticket.Status) switch
    {
        (true, Status.Waiting) => Status.InProgress,
        (true, Status.Completed) => Status.Todo,
        _ => null,
    };
}
