using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;

namespace TicMate.Tickets.History;

/// <summary>Folds whole tickets at a time: as many in one query as have a bounded number of events together.</summary>
public sealed class TicketChanges(IDocumentStore store, HistoryReader reader) : ITicketChanges
{
    private const int EventsAtOnce = 2_000;

    // Who asks is let in elsewhere; here it only matters that it is staff.
    private static readonly CurrentUser Staff = new(Guid.Empty, Roles.Admin, Guid.Empty);

    public async Task<IReadOnlyDictionary<Guid, IReadOnlyList<ChangeView>>> OfAsync(IReadOnlyDictionary<Guid, long> upTo, CancellationToken ct)
    {
        Dictionary<Guid, IReadOnlyList<ChangeView>> changes = [];
        await using var session = store.QuerySession();
        foreach (var group in Groups(upTo))
        {
            var most = group.Max(ticket => ticket.Value);
            Guid[] ids = [.. group.Select(ticket => ticket.Key)];
            var events = await session.Events.QueryAllRawEvents().Where(e => e.StreamId.IsOneOf(ids) && e.Version <= most).OrderBy(e => e.Sequence).ToListAsync(ct);
            var moments = events.GroupBy(e => e.StreamId).Where(ticket => ticket.First().Data is TicketCreated).SelectMany(ticket => Moment.Of([.. ticket])).ToArray();
            foreach (var entry in await reader.ViewAsync(moments, Staff, ct))
                changes[entry.EventId] = entry.Changes;
        }

        return changes;
    }

    /// <summary>Tickets whose events are read together: few long ones, or many short ones.</summary>
    public static IEnumerable<KeyValuePair<Guid, long>[]> Groups(IReadOnlyDictionary<Guid, long> upTo)
    {
        List<KeyValuePair<Guid, long>> group = [];
        foreach (var ticket in upTo.OrderBy(t => t.Value))
        {
            // All of a group are read as far as the longest of them.
            if (group.Count > 0 && (group.Count + 1) * ticket.Value > EventsAtOnce)
            {
                yield return [.. group];
                group.Clear();
            }

            group.Add(ticket);
        }

        if (group.Count > 0)
            yield return [.. group];
    }
}
