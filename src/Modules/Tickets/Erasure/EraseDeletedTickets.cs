using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Lifecycle;
using Wolverine;

namespace TicMate.Tickets.Erasure;

/// <summary>Has the words erased of tickets that were deleted a month ago. The erasing itself happens once, whoever looks.</summary>
public sealed class EraseDeletedTickets(IDocumentStore store, IServiceScopeFactory scopes, TimeProvider clock, ILogger<EraseDeletedTickets> log)
    : HourlyWork(clock, log)
{
    private const int Most = 500;

    public override async Task WorkAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        foreach (var id in await DueAsync(ct))
            await scope.ServiceProvider.GetRequiredService<IMessageBus>().PublishAsync(new EraseTicketWriting(id, null));
    }

    public async Task<IReadOnlyList<Guid>> DueAsync(CancellationToken ct)
    {
        var before = Clock.GetUtcNow() - RestoreTicketEndpoint.Keeps;
        await using var session = store.QuerySession();
        return await session.Query<Ticket>().Where(t => t.DeletedAt < before && !t.IsErased).OrderBy(t => t.DeletedAt).Take(Most).Select(t => t.Id).ToListAsync(ct);
    }
}
