using System.Collections.Concurrent;
using Marten;
using Microsoft.Extensions.Hosting;

namespace TicMate.Identity.Sessions;

/// <summary>When a session or an API key was last used, to the minute. Beside the streams: it is no fact worth keeping.</summary>
public sealed record LastUse(Guid Id, DateTimeOffset At)
{
    /// <summary>Uses closer together than this count as one.</summary>
    public static readonly TimeSpan Grain = TimeSpan.FromMinutes(1);
}

/// <summary>Collects uses in memory, so that a request that only reads writes nothing.</summary>
public sealed class LastUses(IDocumentStore store)
{
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> unsaved = new();

    public void Note(Guid id, DateTimeOffset at) => unsaved[id] = at;

    public async Task SaveAsync(CancellationToken ct)
    {
        var uses = unsaved.ToArray();
        if (uses.Length == 0)
            return;

        await using var session = store.LightweightSession();
        session.Store(uses.Select(use => new LastUse(use.Key, use.Value)).ToArray());
        await session.SaveChangesAsync(ct);

        foreach (var use in uses)
            unsaved.TryRemove(use);
    }
}

/// <summary>Saves what was collected every few seconds, and once more at the end.</summary>
public sealed class SaveLastUses(LastUses uses, TimeProvider clock, ILogger<SaveLastUses> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(5), clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await TryAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            await TryAsync(CancellationToken.None);
        }
    }

    // The next time will do: nobody loses more than a time of day.
    private async Task TryAsync(CancellationToken ct)
    {
        try
        {
            await uses.SaveAsync(ct);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.LogDebug(e, "Times of last use are not saved yet");
        }
    }
}
