using JasperFx.Events;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;

namespace TicMate.Tickets.Conversation;

/// <summary>One page of a conversation, oldest first; <c>next</c> is the cursor of the page after it, null on the last.</summary>
public sealed record RepliesAnswer(IReadOnlyList<ReplyView> Replies, string? Next) : Answer;

/// <summary>A reply as its author left it. A withdrawn one keeps its place, so that a page can begin after it.</summary>
public sealed record WrittenReply(Ticket.Reply Reply, bool IsWithdrawn);

/// <summary>A ticket with everything that was said on it: more than its document keeps.</summary>
public sealed record Replies(Ticket? Ticket, IReadOnlyList<WrittenReply> Written)
{
    public static async Task<Replies> LoadAsync(Guid ticketId, IQuerySession session, CancellationToken ct) =>
        await session.LoadAsync<Ticket>(ticketId, ct) is not { } ticket ? new(null, [])
        : new(ticket, Of(await session.Events.FetchStreamAsync(ticketId, token: ct)));

    public static IReadOnlyList<WrittenReply> Of(IEnumerable<IEvent> events)
    {
        var replies = new OrderedDictionary<Guid, WrittenReply>();
        foreach (var e in events)
            switch (e.Data)
            {
                case TicketReplied said:
                    replies[said.ReplyId] = new(new(said.ReplyId, said.AuthorId, said.Message, e.Timestamp), false);
                    break;
                case TicketReplyCorrected said when replies.TryGetValue(said.ReplyId, out var old):
                    replies[said.ReplyId] = old with { Reply = old.Reply with { Message = said.Message, CorrectedAt = e.Timestamp } };
                    break;
                case TicketReplyWithdrawn taken when replies.TryGetValue(taken.ReplyId, out var old):
                    replies[taken.ReplyId] = old with { IsWithdrawn = true };
                    break;
            }

        return [.. replies.Values];
    }

    public bool Has(Guid replyId) => Written.Any(w => w.Reply.Id == replyId);

    public IEnumerable<Ticket.Reply> After(Guid? replyId) =>
        Written.SkipWhile(w => replyId is not null && w.Reply.Id != replyId).Skip(replyId is null ? 0 : 1)
            .Where(w => !w.IsWithdrawn).Select(w => w.Reply);
}

public static class ListRepliesEndpoint
{
    public static Task<Replies> LoadAsync(Guid ticketId, IQuerySession session, CancellationToken ct) => Replies.LoadAsync(ticketId, session, ct);

    public static (KeyPage, ProblemDetails) Validate(Replies replies, CurrentUser user, HttpContext http)
    {
        var (page, faults) = KeyPage.Read(http.Request.Query);
        return (page, TicketGuard.Unseen(replies.Ticket, user)
            ?? new Faults().When(page.After is { } after && !replies.Has(after), "cursor", "cursor must be the next of an earlier page.").Refusal ?? faults);
    }

    [WolverineGet("/api/tickets/{ticketId}/replies")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<RepliesAnswer> Get(KeyPage page, Replies replies, IPeople people, CancellationToken ct)
    {
        var found = replies.After(page.After).Take(page.Limit + 1).ToArray();
        var shown = found.Take(page.Limit).ToArray();
        return new RepliesAnswer(await people.ViewsAsync(shown, ct), found.Length > page.Limit ? shown[^1].Id.ToString() : null);
    }
}
