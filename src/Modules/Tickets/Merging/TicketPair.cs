using JasperFx.Events;
using Marten;
using TicMate.Identity.Contracts;
using Wolverine.Marten;

namespace TicMate.Tickets.Merging;

/// <summary>Two tickets, held together until the transaction ends. Always in the order of their ids, so that nobody waits for each other.</summary>
public sealed record TicketPair(Ticket? Ticket, Ticket? Other)
{
    public IEventStream<Ticket>? Stream { get; init; }
    public IEventStream<Ticket>? OtherStream { get; init; }

    /// <summary>Staff only change pairs; for anyone else nothing is held.</summary>
    public static async Task<TicketPair> HoldAsync(Guid ticketId, Guid otherId, CurrentUser user, IDocumentSession session, CancellationToken ct)
    {
        if (!user.IsStaff || ticketId == otherId)
            return await session.LoadAsync<Ticket>(ticketId, ct) is { } alone ? new(alone, ticketId == otherId ? alone : null) : new(null, null);

        var streams = new Dictionary<Guid, IEventStream<Ticket>>();
        foreach (var id in new[] { ticketId, otherId }.Order())
            streams[id] = await session.Events.FetchForExclusiveWriting<Ticket>(id, ct);

        return new(streams[ticketId].Aggregate, streams[otherId].Aggregate) { Stream = streams[ticketId], OtherStream = streams[otherId] };
    }
}

/// <summary>Appends to both tickets of a pair, or to none.</summary>
public sealed record PairChanges(TicketPair Pair, object? Event, object? OtherEvent) : IMartenOp
{
    public void Execute(IDocumentSession session)
    {
        if (Event is not null)
            Pair.Stream!.AppendOne(Event);
        if (OtherEvent is not null)
            Pair.OtherStream!.AppendOne(OtherEvent);
    }
}
