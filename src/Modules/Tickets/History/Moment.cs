using System.Collections.Frozen;
using System.Collections.Immutable;
using JasperFx.Events;
using TicMate.Tickets.Contracts;

namespace TicMate.Tickets.History;

/// <summary>How a ticket stood, with every reply it had: the document itself keeps the newest ones only.</summary>
public sealed record Standing(Ticket Ticket, ImmutableSortedDictionary<Guid, string> Replies);

/// <summary>An event of a ticket, and how the ticket stood before and after it.</summary>
public sealed record Moment(IEvent Event, Standing? Before, Standing After)
{
    public int Version => After.Ticket.Version;

    public IReadOnlyList<FieldChange> Changes { get; } = [.. History.Changes.Between(Before, After)];

    /// <summary>The type of the event as the wire has it: <c>ticket-assigned</c>.</summary>
    public string Type => TypeOf(Event.Data.GetType());

    // The very methods that make the document, so that the past cannot differ from it.
    private static readonly FrozenDictionary<Type, Func<Ticket, IEvent, Ticket>> Steps = typeof(Ticket).GetMethods()
        .Where(method => method.Name == nameof(Ticket.Apply))
        .Select(method => (Method: method, Takes: method.GetParameters()[0].ParameterType))
        .ToFrozenDictionary(
            apply => apply.Takes.IsGenericType ? apply.Takes.GetGenericArguments()[0] : apply.Takes,
            apply => (Func<Ticket, IEvent, Ticket>)((ticket, e) => (Ticket)apply.Method.Invoke(ticket, [apply.Takes.IsGenericType ? e : e.Data])!));

    /// <summary>Every type there is.</summary>
    public static readonly FrozenSet<string> Types = [TypeOf(typeof(TicketCreated)), .. Steps.Keys.Select(TypeOf)];

    /// <summary>The past of a ticket, from all its events or from the first of them, in their order.</summary>
    public static IReadOnlyList<Moment> Of(IReadOnlyList<IEvent> events)
    {
        List<Moment> moments = new(events.Count);
        Standing? standing = null;
        foreach (var e in events)
        {
            var before = standing;
            standing = new(
                (before is null ? Ticket.Create((IEvent<TicketCreated>)e) : Apply(before.Ticket, e)) with { Version = (int)e.Version },
                Apply(before?.Replies ?? ImmutableSortedDictionary<Guid, string>.Empty, e.Data));
            moments.Add(new(e, before, standing));
        }

        return moments;
    }

    private static string TypeOf(Type type) =>
        string.Concat(type.Name.Select((c, n) => char.IsUpper(c) ? $"{(n == 0 ? "" : "-")}{char.ToLowerInvariant(c)}" : $"{c}"));

    private static Ticket Apply(Ticket ticket, IEvent e) => Steps.TryGetValue(e.Data.GetType(), out var step) ? step(ticket, e) : ticket;

    private static ImmutableSortedDictionary<Guid, string> Apply(ImmutableSortedDictionary<Guid, string> replies, object data) => data switch
    {
        TicketReplied e => replies.SetItem(e.ReplyId, e.Message),
        TicketReplyCorrected e => replies.SetItem(e.ReplyId, e.Message),
        TicketReplyWithdrawn e => replies.Remove(e.ReplyId),
        _ => replies,
    };
}
