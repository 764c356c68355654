using Marten;
using Microsoft.Extensions.Hosting;
using TicMate.Tickets.Lifecycle;
using Wolverine;

namespace TicMate.Tickets.Erasure;

/// <summary>Has the words erased of tickets that were deleted a month ago. Every node may look; the erasing itself happens once.</summary>
public sealed class EraseDeletedTickets(IDocumentStore store, IServiceScopeFactory scopes, TimeProvider clock, ILogger<EraseDeletedTickets> log) : BackgroundService
{
    private const int Most = 500;

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), clock);
        while (await timer.WaitForNextTickAsync(ct))
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                foreach (var id in await DueAsync(ct))
                    await scope.ServiceProvider.GetRequiredService<IMessageBus>().PublishAsync(new EraseTicketWriting(id, null));
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogWarning(e, "Old deleted tickets could not be erased; it is tried again in an hour");
            }
    }

    public async Task<IReadOnlyList<Guid>> DueAsync(CancellationToken ct)
    {
        var before = clock.GetUtcNow() - RestoreTicketEndpoint.Keeps;
        await using var session = store.QuerySession();
        return await session.Query<Ticket>().Where(t => t.DeletedAt < before && !t.IsErased).OrderBy(t => t.DeletedAt).Take(Most).Select(t => t.Id).ToListAsync(ct);
    }
}
