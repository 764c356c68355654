using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;

namespace TicMate.Tickets.Searching;

/// <inheritdoc/>
public sealed class TicketShelf(TicketLists lists) : ITicketShelf
{
    public async Task<IReadOnlyList<object>> NewestAsync(int count, CurrentUser reader, CancellationToken ct) =>
        await lists.ViewsAsync(await lists.RowsAsync(new TicketFilter { Limit = count - 1, Deleted = false }, TicketReach.Everything(reader), ct), reader, ct);
}
