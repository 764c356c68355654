using System.Collections.Concurrent;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Sessions;

/// <summary>Tells those who asked of what the cache is told to forget.</summary>
public sealed class WatchedSessions : ISessions
{
    private readonly ConcurrentDictionary<Watcher, CurrentUser> watchers = [];
    private readonly SessionLookup lookup;

    public WatchedSessions(SessionCache cache, SessionLookup lookup)
    {
        this.lookup = lookup;
        cache.Forgotten += Tell;
    }

    public ValueTask<bool> HoldsAsync(CurrentUser user, CancellationToken ct) => lookup.HoldsAsync(user, ct);

    public IDisposable Watch(CurrentUser user, Action changed)
    {
        var watcher = new Watcher(this, changed);
        watchers[watcher] = user;
        return watcher;
    }

    private void Tell(Guid? id)
    {
        foreach (var (watcher, user) in watchers)
            if (id is null || id == user.Id || id == user.SessionId)
                watcher.Changed();
    }

    private sealed class Watcher(WatchedSessions all, Action changed) : IDisposable
    {
        public void Changed() => changed();

        public void Dispose() => all.watchers.TryRemove(this, out _);
    }
}
