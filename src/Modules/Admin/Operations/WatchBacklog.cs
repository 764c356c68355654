using System.Buffers.Binary;
using System.Diagnostics.Metrics;
using Marten;
using Microsoft.Extensions.Hosting;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;

namespace TicMate.Admin.Operations;

/// <summary>
/// Shows what waits as metrics. It looks four times a minute, however often and by however many it is asked, and not at all while nobody listens.
/// Every node shows the same numbers, for they are those of the database: take the largest, not the sum.
/// </summary>
public sealed class WatchBacklog(Backlogs backlogs, Held held, IAdvisorState advisor, TimeProvider clock, ILogger<WatchBacklog> log) : BackgroundService
{
    public const string MeterName = "TicMate.Admin";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(15);
    private static readonly Meter Meter = new(MeterName);
    private static volatile Seen? seen;

    private static readonly ObservableGauge<long> Depth = Meter.CreateObservableGauge(
        "ticmate.queue.depth", () => Each(s => s.Depth.Select(d => Of(d.Count, "state", d.State))), "{message}", "Messages that wait: incoming (to be handled now), scheduled (later) and outgoing (to another node).");

    static WatchBacklog()
    {
        Meter.CreateObservableGauge("ticmate.queue.oldest.age", () => One(s => s.OldestSeconds), "s", "How long the oldest message that could be handled has waited; 0 when none does.");
        Meter.CreateObservableGauge("ticmate.dead_letters", () => One(s => s.DeadLetters), "{message}", "Messages that were given up and that nobody has asked to be tried again.");
        Meter.CreateObservableGauge("ticmate.projection.lag", () => Each(s => s.Projections.Select(p => Of(p.Lag, "projection", p.Name))), "{event}", "How many events a projection or subscription is behind.");
        Meter.CreateObservableGauge("ticmate.held", () => One(s => s.IsHeld ? 1 : 0), null, "1 while a restored copy sends no mail and asks no model, until the command resume.");
        Meter.CreateObservableGauge("ticmate.ai.budget.used", () => One(s => s.BudgetUsed), "1", "The share of the nearest cap of the language model that is used; 1 is all of it.");
    }

    private sealed record Seen((string State, long Count)[] Depth, double OldestSeconds, long DeadLetters, IReadOnlyList<ProjectionLag> Projections, bool IsHeld, double BudgetUsed);

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Pause);
        do
            try
            {
                if (Depth.Enabled)
                    await LookAsync(ct);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // What is not known is not shown: an old number would look like a good one.
                seen = null;
                log.LogWarning("What waits could not be counted ({Reason})", e.GetType().Name);
            }
        while (await timer.WaitForNextTickAsync(ct));
    }

    public async Task LookAsync(CancellationToken ct)
    {
        var backlog = await backlogs.ReadAsync(ct);
        var oldest = await backlogs.OldestWaitingAsync(ct);
        seen = new(
            [("incoming", backlog.Queues.Sum(q => q.Incoming)), ("scheduled", backlog.Queues.Sum(q => q.Scheduled)), ("outgoing", backlog.Queues.Sum(q => q.Outgoing))],
            oldest is { } since ? Math.Max(0, (clock.GetUtcNow() - since).TotalSeconds) : 0, backlog.DeadLetters.Sum(d => d.Waiting), backlog.Projections,
            await held.SinceAsync(ct) is not null, await advisor.BudgetUsedAsync(ct));
    }

    /// <summary>
    /// When a message was made. The table does not keep it, but Wolverine's ids begin with the time, in ticks; null for an id that does not.
    /// </summary>
    public static DateTimeOffset? MadeAt(Guid envelopeId)
    {
        Span<byte> bytes = stackalloc byte[16];
        envelopeId.TryWriteBytes(bytes, bigEndian: true, out _);
        var ticks = BinaryPrimitives.ReadInt64BigEndian(bytes);
        return ticks > DateTime.UnixEpoch.Ticks && ticks < DateTime.MaxValue.Ticks ? new(ticks, TimeSpan.Zero) : null;
    }

    private static IEnumerable<Measurement<T>> Each<T>(Func<Seen, IEnumerable<Measurement<T>>> of) where T : struct => seen is { } s ? of(s) : [];

    private static IEnumerable<Measurement<T>> One<T>(Func<Seen, T> of) where T : struct => Each(s => Enumerable.Repeat(new Measurement<T>(of(s)), 1));

    private static Measurement<long> Of(long value, string tag, string word) => new(value, new KeyValuePair<string, object?>(tag, word));
}
