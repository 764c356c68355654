using Marten;
using Microsoft.Extensions.Hosting;
using Wolverine.Runtime;

namespace TicMate.Tickets.Deadlines;

/// <summary>
/// Looks, twice a minute, which deadlines are due to be told of. What is due stays so until its event is stored, so neither a stop of the service
/// nor a failure loses one, and any number of nodes may look at once.
/// </summary>
public sealed class WatchDeadlines(IDocumentStore store, IWolverineRuntime runtime, TimeProvider clock, ILogger<WatchDeadlines> log) : BackgroundService
{
    private const int MostAtOnce = 200;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Pause, clock);
        while (await timer.WaitForNextTickAsync(ct))
            try
            {
                while (await RemindAsync(await DueAsync(clock.GetUtcNow(), ct), ct) == MostAtOnce)
                {
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogWarning(e, "Deadlines could not be looked at; it is tried again in {Pause}", Pause);
            }
    }

    /// <summary>The tickets that are due at a time, those that have waited longest first.</summary>
    public async Task<IReadOnlyList<RemindOfDeadline>> DueAsync(DateTimeOffset at, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        var due = await session.Query<Ticket>().Where(t => t.RemindAt != null && t.RemindAt <= at)
            .OrderBy(t => t.RemindAt).Take(MostAtOnce).Select(t => t.Id).ToListAsync(ct);
        return [.. due.Select(id => new RemindOfDeadline(id, at))];
    }

    // One after the other and not through a queue, where what is due would be put again with every look. What fails is due again next time.
    private async Task<int> RemindAsync(IReadOnlyList<RemindOfDeadline> due, CancellationToken ct)
    {
        var (bus, done) = (new MessageBus(runtime), 0);
        foreach (var reminder in due)
            try
            {
                await bus.InvokeAsync(reminder, ct);
                done++;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogWarning(e, "The deadline of ticket {TicketId} could not be told; it is tried again in {Pause}", reminder.TicketId, Pause);
            }

        return done;
    }
}
