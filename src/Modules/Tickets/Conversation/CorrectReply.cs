using JasperFx.Events;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Conversation;

public sealed record CorrectReply(Field<string> Message);

/// <summary>A reply as it reads now, or nothing when there is none.</summary>
public sealed record FoundReply(Ticket.Reply? Reply);

/// <summary>Who may change what they wrote, and for how long.</summary>
public static class Correcting
{
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(15);

    /// <summary>Called once the ticket is held. Its document keeps the newest replies; a busy conversation may have had more within the window.</summary>
    public static async Task<FoundReply> FindAsync(Guid replyId, Ticket? ticket, IQuerySession session, CancellationToken ct) =>
        new(ticket is null ? null
            : ticket.Replies.FirstOrDefault(r => r.Id == replyId)
                ?? (ticket.ReplyCount <= ticket.Replies.Length ? null
                    : Replies.Of(await session.Events.FetchStreamAsync(ticket.Id, token: ct))
                        .FirstOrDefault(r => r.Reply.Id == replyId && !r.IsWithdrawn)?.Reply));

    public static ProblemDetails? NotTheirs(Guid authorId, CurrentUser user) =>
        authorId == user.Id ? null : Refuse.Forbidden("Only who wrote it may change it.");

    public static ProblemDetails? TooOld(string what, DateTimeOffset writtenAt, DateTimeOffset now) =>
        now - writtenAt <= Window ? null : Refuse.With(
            409, $"{what}-too-old", $"A {what} can be changed for {Window.TotalMinutes:0} minutes; this one is older.");
}

public static class CorrectReplyEndpoint
{
    public static Task<FoundReply> LoadAsync(Guid replyId, Ticket? ticket, IDocumentSession session, CancellationToken ct) =>
        Correcting.FindAsync(replyId, ticket, session, ct);

    public static ProblemDetails Validate(CorrectReply request, Ticket? ticket, FoundReply found, CurrentUser user, IfMatch match, DateTimeOffset now) =>
        TicketGuard.Unseen(ticket, user) ?? (found.Reply is null ? Refuse.NotFound("reply") : null) ?? Correcting.NotTheirs(found.Reply!.AuthorId, user)
        ?? new Faults().Text("message", request.Message, 10_000).Refusal
        ?? match.Stale(ticket!.Version) ?? TicketGuard.Frozen(ticket) ?? Correcting.TooOld("reply", found.Reply.CreatedAt, now) ?? WolverineContinue.NoProblems;

    [WolverinePatch("/api/tickets/{ticketId}/replies/{replyId}")]
    [ProducesResponseType<ReplyAnswer>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (ReplyStored, TicketReplyCorrected?) Patch(
        CorrectReply request, Guid replyId, FoundReply found, CurrentUser user, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket)
    {
        var (id, message) = (ticket!.Id, request.Message.Value!);
        return message == found.Reply!.Message
            ? (new ReplyStored(id, id, replyId, message, "The reply says that already."), null)
            : (new ReplyStored(id, id, replyId, message, "The reply is corrected."), new TicketReplyCorrected(id, replyId, user.Id, message));
    }
}

public static class WithdrawReplyEndpoint
{
    public static Task<FoundReply> LoadAsync(Guid replyId, Ticket? ticket, IDocumentSession session, CancellationToken ct) =>
        Correcting.FindAsync(replyId, ticket, session, ct);

    public static ProblemDetails Validate(Ticket? ticket, FoundReply found, CurrentUser user, IfMatch match, DateTimeOffset now) =>
        TicketGuard.Unseen(ticket, user) ?? (found.Reply is null ? Refuse.NotFound("reply") : null) ?? Correcting.NotTheirs(found.Reply!.AuthorId, user)
        ?? match.Stale(ticket!.Version) ?? TicketGuard.Frozen(ticket) ?? Correcting.TooOld("reply", found.Reply.CreatedAt, now) ?? WolverineContinue.NoProblems;

    [WolverineDelete("/api/tickets/{ticketId}/replies/{replyId}")]
    [ProducesResponseType<TicketAnswer>(200), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (TicketChanged, TicketReplyWithdrawn) Delete(
        Guid replyId, [NotBody] CurrentUser user, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket) =>
        (new TicketChanged(ticket!.Id, "The reply is withdrawn."), new TicketReplyWithdrawn(ticket.Id, replyId, user.Id));
}
