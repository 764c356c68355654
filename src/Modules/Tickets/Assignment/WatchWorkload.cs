using Marten;
using Microsoft.Extensions.Hosting;
using TicMate.Identity.Contracts;
using Wolverine.Runtime;

namespace TicMate.Tickets.Assignment;

/// <summary>How much somebody has to do, and whether a ticket that waits might have been theirs, had they had room.</summary>
public sealed record Load(Guid PersonId, int OpenTickets, bool TurnedAway);

/// <summary>
/// Looks, every few seconds, who has room again, and whether somebody has work who may not work any more. Work ends in many ways, and few people
/// have a capacity: one look at a small table costs less than a message for each ticket that is done. Any number of nodes may look at once.
/// </summary>
public sealed class WatchWorkload(IDocumentStore store, IWolverineRuntime runtime, TimeProvider clock, ILogger<WatchWorkload> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Pause, clock);
        while (await timer.WaitForNextTickAsync(ct))
            try
            {
                await LookAsync(ct);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogWarning(e, "Who has room for waiting tickets could not be seen; it is tried again in {Pause}", Pause);
            }
    }

    public async Task LookAsync(CancellationToken ct)
    {
        await using var session = store.QuerySession();
        var loads = await session.AdvancedSql.QueryAsync<Guid, int, bool>(
            $"""
            select row(person_id), row(open_tickets), row(turned_away) from {store.Options.DatabaseSchemaName}.{WorkloadProjection.Table}
            where open_tickets > 0 or turned_away
            """, ct);
        if (loads.Count == 0)
            return;

        var bus = new MessageBus(runtime);
        foreach (var message in Decide(loads.Select(l => new Load(l.Item1, l.Item2, l.Item3)), await session.StaffAsync(ct)))
            await bus.PublishAsync(message);
    }

    public static IEnumerable<object> Decide(IEnumerable<Load> loads, IReadOnlyList<User> staff)
    {
        foreach (var load in loads)
            if (staff.FirstOrDefault(person => person.Id == load.PersonId) is not { } person)
            {
                if (load.OpenTickets > 0)
                    yield return new HandOnTickets(load.PersonId);
            }
            else if (load.TurnedAway && new Candidate(person, load.OpenTickets, null).HasRoom)
                yield return new HandOutTickets(person.Id);
    }
}
