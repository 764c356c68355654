using Marten;
using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;
using Wolverine;

namespace TicMate.Tickets.Conversation;

/// <summary>Mail the other side about a reply.</summary>
public sealed record TellOfReply(Guid TicketId, Guid ReplyId) : ISendsMail;

/// <summary>What the mail is about, and for whom.</summary>
public sealed record ReplyNews(Ticket Ticket, Ticket.Reply Reply, Guid ReaderId);

public static class TellOfReplyHandler
{
    public static async Task<ReplyNews?> LoadAsync(TellOfReply command, IQuerySession session, CancellationToken ct) =>
        await session.LoadAsync<Ticket>(command.TicketId, ct) is { } ticket && ticket.Replies.FirstOrDefault(r => r.Id == command.ReplyId) is { } reply
        && Reader(ticket, reply, await session.LoadAsync<User>(reply.AuthorId, ct)) is { } reader
            ? new ReplyNews(ticket, reply, reader) : null;

    /// <summary>
    /// The owner hears of what staff write, the assignee of what owners write: that of a ticket merged into this one as well. Nobody hears of their own
    /// words, nor of a deleted ticket.
    /// </summary>
    public static Guid? Reader(Ticket ticket, Ticket.Reply reply, User? writer)
    {
        var isFromStaff = reply.AuthorId != ticket.AuthorId && writer is { Role: Roles.Moderator or Roles.Admin };
        var reader = isFromStaff ? ticket.AuthorId : ticket.AssigneeId;
        return ticket.DeletedAt is not null || reader == reply.AuthorId || reader == ServiceAccounts.Importer ? null : reader;
    }

    // Withdrawn since, or nobody to tell.
    public static HandlerContinuation Validate(ReplyNews? news) => news is null ? HandlerContinuation.Stop : HandlerContinuation.Continue;

    public static async Task HandleAsync(
        TellOfReply command, ReplyNews news, IPeople people, IPostOffice post, IOptions<TicketsOptions> options, CancellationToken ct)
    {
        var (ticket, reply, reader) = news;
        var names = await people.NamesAsync([reply.AuthorId], ct);

        // Whose ticket it is stands in the id, so that an erasure finds the mail.
        await post.SendAsync(
            new Letter(
                reader, $"reply.{ticket.Id:N}.{reply.Id:N}.{reader:N}", $"[#{ticket.Number}] New reply: {ticket.Title}",
                $"""
                {names[reply.AuthorId]} wrote:

                {reply.Message}

                {options.Value.LinkTo(ticket.Id)}
                """),
            ct);
    }
}
