using System.Linq.Expressions;
using Marten;
using TicMate.Identity.ApiKeys;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Sessions;

/// <summary>Whether a session or an API key still holds: from memory while that can be trusted, else from the database.</summary>
public sealed class SessionLookup(SessionCache cache, LastUses uses, IDocumentStore store, TimeProvider clock)
{
    /// <summary>Null when the session is over for any reason, or was another person's.</summary>
    public async ValueTask<Standing?> FindSessionAsync(Guid userId, Guid sessionId, CancellationToken ct)
    {
        var (now, readIn) = (clock.GetUtcNow(), cache.Epoch);
        if (await StandingAsync(userId, sessionId, now, readIn, ct) is not { } standing)
            return null;

        if (now - standing.LastSeen >= LastUse.Grain)
        {
            uses.Note(sessionId, now);
            cache.Put(readIn, standing with { LastSeen = now });
        }

        return standing;
    }

    /// <inheritdoc cref="ISessions.HoldsAsync"/>
    public async ValueTask<bool> HoldsAsync(CurrentUser user, CancellationToken ct)
    {
        var (now, readIn) = (clock.GetUtcNow(), cache.Epoch);
        var person = user.ApiKeyId is { } keyId
            ? await ReadKeyAsync(key => key.Id == keyId, readIn, ct) is { } found && !found.IsOver(now) ? found.User : null
            : (await StandingAsync(user.Id, user.SessionId, now, readIn, ct))?.User;

        return person?.Id == user.Id && person.Role == user.Role;
    }

    /// <summary>Null when there is no such key, or it is over for any reason.</summary>
    public async ValueTask<KeyStanding?> FindKeyAsync(ApiKeySecret secret, CancellationToken ct)
    {
        var (now, readIn) = (clock.GetUtcNow(), cache.Epoch);
        var standing = cache.FindKey(secret.Prefix) ?? await ReadKeyAsync(key => key.Prefix == secret.Prefix, readIn, ct);
        if (standing is null || !standing.Key.IsOf(secret) || standing.IsOver(now))
            return null;

        if (standing.LastUsed is null)
            await RecordFirstUseAsync(standing, now, ct);

        if (standing.LastUsed is null || now - standing.LastUsed >= LastUse.Grain)
        {
            uses.Note(standing.Key.Id, now);
            cache.Put(readIn, standing with { LastUsed = now });
        }

        return standing;
    }

    private async ValueTask<Standing?> StandingAsync(Guid userId, Guid sessionId, DateTimeOffset now, long readIn, CancellationToken ct)
    {
        var standing = cache.FindSession(sessionId);

        // Another node may have seen it since.
        if (standing is null || (!standing.IsOver(now) && standing.IsIdle(now)))
            standing = await ReadSessionAsync(userId, sessionId, readIn, ct);

        return standing is null || standing.User.Id != userId || standing.IsOver(now) || standing.IsIdle(now) ? null : standing;
    }

    private async Task<Standing?> ReadSessionAsync(Guid userId, Guid sessionId, long readIn, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        var batch = session.CreateBatchQuery();
        var loadingSession = batch.Load<Session>(sessionId);
        var loadingUser = batch.Load<User>(userId);
        var loadingUse = batch.Load<LastUse>(sessionId);
        await batch.Execute(ct);

        if (await loadingSession is not { } found || await loadingUser is not { } user)
            return null;

        var standing = new Standing(found, user, await loadingUse is { } use && use.At > found.StartedAt ? use.At : found.StartedAt);
        cache.Put(readIn, standing);
        return standing;
    }

    private async Task<KeyStanding?> ReadKeyAsync(Expression<Func<ApiKey, bool>> which, long readIn, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        if (await session.Query<ApiKey>().SingleOrDefaultAsync(which, ct) is not { } found)
            return null;

        var batch = session.CreateBatchQuery();
        var loadingUser = batch.Load<User>(found.UserId);
        var loadingUse = batch.Load<LastUse>(found.Id);
        await batch.Execute(ct);

        if (await loadingUser is not { } user)
            return null;

        var standing = new KeyStanding(found, user, (await loadingUse)?.At);
        cache.Put(readIn, standing);
        return standing;
    }

    // Holding the person's stream, so that of two first uses at once one is the first.
    private async Task RecordFirstUseAsync(KeyStanding standing, DateTimeOffset now, CancellationToken ct)
    {
        var (key, user) = (standing.Key, standing.User);
        await using var session = store.LightweightSession();
        session.LastModifiedBy = user.Id.ToString();
        var stream = await session.Events.FetchForExclusiveWriting<User>(user.Id, ct);
        if (await session.LoadAsync<LastUse>(key.Id, ct) is not null)
            return;

        stream.AppendOne(new ApiKeyFirstUsed(user.Id, key.Id));
        session.Store(new LastUse(key.Id, now));
        await session.SaveChangesAsync(ct);
    }
}
