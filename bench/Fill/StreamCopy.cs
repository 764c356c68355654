using JasperFx.Events;
using Marten;

namespace TicMate.Bench.Fill;

/// <summary>A stream to be stored as it is.</summary>
/// <param name="Type">How the store names its kind.</param>
/// <param name="Located">Which of its events say from where they came, by their place.</param>
public sealed record StreamCopy(Guid Id, Type Type, IReadOnlyList<IEvent> Events, IReadOnlyList<bool> Located)
{
    public TicketForm? Form { get; init; }

    /// <summary>What stands in the blanks of the form.</summary>
    public string[] Values { get; init; } = [];

    /// <summary>What happened to something that no model is needed for, one thing a second.</summary>
    public static StreamCopy Of<T>(Guid id, IDocumentStore store, object[] told, DateTimeOffset at, Chance chance) =>
        new(id, typeof(T), [.. told.Select((data, i) => Event(store, id, data, i + 1, at.AddSeconds(i), chance))], new bool[told.Length]);

    public static IEvent Event(IDocumentStore store, Guid stream, object data, int version, DateTimeOffset at, Chance chance)
    {
        var e = ((IEventRegistry)((StoreOptions)store.Options).Events).BuildEvent(data);
        (e.Id, e.StreamId, e.Version, e.Timestamp, e.TenantId) = (chance.Id(), stream, version, at, "*DEFAULT*");
        return e;
    }
}
