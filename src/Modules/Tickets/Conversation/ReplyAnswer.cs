using System.Text.Json.Serialization;
using JasperFx.CodeGeneration.Frames;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Reading;
using Wolverine;
using Wolverine.Configuration;

namespace TicMate.Tickets.Conversation;

/// <param name="Reply">The reply; where it opened a follow-up it is that ticket's description and has its id.</param>
/// <param name="Ticket">The ticket that got the reply or, where the caller may not see that one, the ticket that was named.</param>
/// <param name="FollowUpOf">The ticket, completed long ago, that this one takes up again.</param>
/// <param name="MergedInto">The ticket that goes on for the one that was named.</param>
public sealed record ReplyAnswer(
    string? Message, ReplyView Reply, TicketView Ticket,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? FollowUpOf,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? MergedInto) : Answer(Message);

/// <summary>Answers a reply once it is stored, with the ticket that got it.</summary>
/// <param name="NamedId">The ticket that the request named.</param>
public sealed record ReplyStored(
    Guid NamedId, Guid TicketId, Guid ReplyId, string Text, string Message, Guid? FollowUpOf = null, Guid? MergedInto = null,
    int StatusCode = StatusCodes.Status200OK) : IResponseAware
{
    public static void ConfigureResponse(IChain chain) => chain.UseForResponse(new MethodCall(typeof(ReplyStored), nameof(AnswerAsync)));

    public static async Task<ReplyAnswer> AnswerAsync(
        ReplyStored stored, IDocumentSession session, TicketReader reader, IPeople people, CurrentUser user, HttpContext http, CancellationToken ct)
    {
        var ticket = (await session.Events.FetchLatest<Ticket>(stored.TicketId, ct))!;
        var reply = ticket.Replies.LastOrDefault(r => r.Id == stored.ReplyId) ?? new Ticket.Reply(stored.ReplyId, user.Id, stored.Text, ticket.CreatedAt);
        var shown = ticket.IsVisibleTo(user) ? ticket : (await session.Events.FetchLatest<Ticket>(stored.NamedId, ct))!;

        http.Response.StatusCode = stored.StatusCode;
        http.Response.Headers.ETag = $"\"{shown.Version}\"";
        if (stored.StatusCode is StatusCodes.Status201Created)
            http.Response.Headers.Location = $"/api/tickets/{shown.Id}{(shown != ticket || stored.ReplyId == ticket.Id ? "" : $"/replies#{reply.Id}")}";

        var (said, view) = ((await people.ViewsAsync([reply], ct))[0], await reader.ViewAsync(shown, user, ct));
        return new ReplyAnswer(stored.Message, said, view, stored.FollowUpOf, stored.MergedInto);
    }
}

public static class ReplyViews
{
    public static async ValueTask<ReplyView[]> ViewsAsync(this IPeople people, IReadOnlyCollection<Ticket.Reply> replies, CancellationToken ct)
    {
        var names = await people.NamesAsync([.. replies.Select(r => r.AuthorId).Distinct()], ct);
        return [.. replies.Select(r => ReplyView.Of(r, names))];
    }
}
