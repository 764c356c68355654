using JasperFx.Events;
using Marten;
using Marten.Events;
using TicMate.Identity.Contracts;
using Wolverine.Marten;

namespace TicMate.Identity.Sessions;

/// <summary>
/// A person's open sessions, held: none can begin, renew itself or end elsewhere before the transaction is over. Take it in a slice's
/// <c>LoadAsync</c> from <see cref="SessionsOfAPerson.HoldSessionsAsync"/> and return what <see cref="End"/> gives.
/// </summary>
public sealed class OpenSessions(IReadOnlyList<IEventStream<Session>> streams)
{
    /// <param name="reason">One of those that <see cref="SessionEnded"/> names.</param>
    /// <param name="except">A session that goes on: usually the caller's own.</param>
    public EndSessions End(string reason, Guid? except = null) => new([.. streams.Where(s => s.Id != except)], reason);
}

/// <summary>Ends the sessions that were held. Every slice after which a person must sign in again returns this.</summary>
public sealed record EndSessions(IReadOnlyList<IEventStream<Session>> Streams, string Reason) : IMartenOp
{
    public void Execute(IDocumentSession session)
    {
        foreach (var stream in Streams)
            if (stream.Aggregate is { EndedAt: null } open)
                stream.AppendOne(new SessionEnded(open.Id, open.UserId, Reason));
    }
}

public static class SessionsOfAPerson
{
    private const int AtOnce = 100;

    /// <summary>Waits for sign-ins of this person that are under way, keeps others waiting, and holds every open session.</summary>
    public static async Task<OpenSessions> HoldSessionsAsync(this IDocumentSession session, Guid userId, CancellationToken ct)
    {
        await session.LockAsync("pg_advisory_xact_lock", userId, ct);

        var oldest = DateTimeOffset.UtcNow - Session.LongestLife;
        var open = await session.Query<Session>().Where(s => s.UserId == userId && s.EndedAt == null && s.StartedAt > oldest).Select(s => s.Id).ToListAsync(ct);

        var streams = new List<IEventStream<Session>>();
        foreach (var some in open.Chunk(AtOnce))
        {
            var batch = session.CreateBatchQuery();
            var fetching = some.Select(batch.Events.FetchForExclusiveWriting<Session>).ToArray();
            await batch.Execute(ct);
            streams.AddRange(await Task.WhenAll(fetching));
        }

        return new OpenSessions(streams);
    }

    /// <summary>
    /// For a sign-in, once the password is known to be right: from now until its session is stored nobody ends this person's sessions.
    /// What was read before may be outdated by now.
    /// </summary>
    public static Task HoldSignInAsync(this IDocumentSession session, Guid userId, CancellationToken ct) =>
        session.LockAsync("pg_advisory_xact_lock_shared", userId, ct);

    private static async Task LockAsync(this IDocumentSession session, string function, Guid userId, CancellationToken ct)
    {
        await session.BeginTransactionAsync(ct);
        await session.QueryAsync<int>($"select 1 from (select {function}(hashtextextended(?, 21))) locked", ct, userId.ToString());
    }
}
