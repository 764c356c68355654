using JasperFx;
using Microsoft.Extensions.Hosting;
using Wolverine.Runtime;
using Wolverine.Runtime.Agents;

namespace TicMate.Admin.Operations;

/// <summary>
/// Starts a projection of this node again that has stopped by an error. The framework does so for a database that was away, and leaves alone
/// what found its progress moved by another process, as one process does when it overlaps with the next: without this, until the next start.
/// </summary>
public sealed class WatchProjections(IWolverineRuntime runtime, TimeProvider clock, ILogger<WatchProjections> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2), LongestWait = TimeSpan.FromMinutes(5);
    private readonly Dictionary<Uri, Tries> tries = [];

    private sealed record Tries(int Count, DateTimeOffset NotBefore);

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Pause);
        while (await timer.WaitForNextTickAsync(ct))
            try
            {
                await LookAsync(ct);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogWarning(e, "Projections that have stopped could not be started again; it is tried again in {Pause}", Pause);
            }
    }

    /// <summary>How long to leave it alone after so many tries: at once, then 4 s, 8 s, … up to five minutes.</summary>
    public static TimeSpan WaitAfter(int count) => TimeSpan.FromSeconds(Math.Min(LongestWait.TotalSeconds, Math.Pow(2, Math.Min(count, 20) + 1)));

    public async Task LookAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        foreach (var (uri, agent) in OnThisNode(runtime))
        {
            if (agent.Status is AgentStatus.Running || agent.Failure is not { } failure || agent.IsRebuilding)
            {
                if (tries.TryGetValue(uri, out var past) && now - past.NotBefore > LongestWait)
                    tries.Remove(uri);
                continue;
            }

            var before = tries.GetValueOrDefault(uri) ?? new Tries(0, now);
            if (now < before.NotBefore)
                continue;

            tries[uri] = new(before.Count + 1, now + WaitAfter(before.Count + 1));
            log.LogWarning("Projection {Agent} had stopped: {Category}, {Failure}. It is started again, for the {Count}. time", uri, failure.Category, failure.RootExceptionType, before.Count + 1);
            await agent.StopAsync(ct);
            await agent.StartAsync(ct);
        }
    }

    /// <summary>The projections and subscriptions that this node runs, or should.</summary>
    public static IEnumerable<(Uri Uri, IEventSubscriptionAgent Agent)> OnThisNode(IWolverineRuntime runtime) =>
        ((WolverineRuntime)runtime).NodeController is { } nodes ? nodes.Agents.Where(a => a.Value is IEventSubscriptionAgent).Select(a => (a.Key, (IEventSubscriptionAgent)a.Value)) : [];
}
