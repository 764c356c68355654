using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Sessions;

namespace TicMate.Identity.Passwords;

public static class OpenSessions
{
    /// <summary>Ends the account's open sessions in this transaction, all but one if told.</summary>
    public static async Task EndAllSessions(this IDocumentSession session, Guid userId, string reason, Guid? except, CancellationToken ct)
    {
        var open = await session.Query<Session>().Where(s => s.UserId == userId && s.EndedAt == null).Select(s => s.Id).ToListAsync(ct);
        foreach (var id in open.Where(id => id != except))
            if (await session.Events.FetchForExclusiveWriting<Session>(id, ct) is { Aggregate.EndedAt: null } stream)
                stream.AppendOne(new SessionEnded(id, userId, reason));
    }
}
