using JasperFx.Events;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.History;

namespace TicMate.Tests.Tickets.History;

/// <summary>A ticket's past, made up: what happened, an hour apart.</summary>
internal static class Past
{
    public static readonly DateTimeOffset Start = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);

    public static readonly Guid TicketId = Guid.CreateVersion7(), Owner = Guid.CreateVersion7(), Mo = Guid.CreateVersion7(), Ben = Guid.CreateVersion7();

    public static readonly TicketCreated Created = new(TicketId, 7, Owner, "Printer", "It burns.");

    public static IReadOnlyList<Moment> Of(params object[] events) => Moment.Of(
    [
        .. events.Prepend(Created).Select((data, n) =>
        {
            var e = (IEvent)Activator.CreateInstance(typeof(Event<>).MakeGenericType(data.GetType()), data)!;
            (e.Version, e.Sequence, e.Timestamp, e.StreamId) = (n + 1, 100 + n, Start.AddHours(n), TicketId);
            return e;
        }),
    ]);

    public static IEnumerable<(string Field, object? Before, object? After)> Shown(this Moment moment) =>
        moment.Changes.Select(change => (change.Field.Name, change.Before, change.After));
}
