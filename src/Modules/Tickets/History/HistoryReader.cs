using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;

namespace TicMate.Tickets.History;

/// <param name="Seq">The place of the event among all that ever happened here.</param>
/// <param name="CausationId">The request, the message or the undone event that caused it.</param>
public sealed record HistoryEntry(
    long Seq, int Version, DateTimeOffset At, string Type, ActorView Actor, IReadOnlyList<ChangeView> Changes, string? CausationId, string? CorrelationId)
{
    /// <summary>The event itself, which an undo names as its cause.</summary>
    public Guid EventId { get; init; }

    /// <summary>Why, in the words of who did it; for staff.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }
}

/// <summary>Shows the past to people: looks up the names, leaves out what the reader may not see today.</summary>
public sealed class HistoryReader(IPeople people, IOptions<TicketsOptions> options)
{
    public async ValueTask<IReadOnlyList<ChangeView>> ViewAsync(IEnumerable<FieldChange> changes, CurrentUser reader, CancellationToken ct)
    {
        var shown = For(reader, changes);
        var names = await people.NamesAsync(PeopleIn(shown), ct);
        return [.. shown.Select(change => View(change, names))];
    }

    /// <summary>What a reader may know of each moment. To an owner, what changed nothing that they see did not happen.</summary>
    public async ValueTask<IReadOnlyList<HistoryEntry>> ViewAsync(IReadOnlyList<Moment> moments, CurrentUser reader, CancellationToken ct)
    {
        var shown = moments.Select(moment => (Moment: moment, Actor: Actor.Of(moment.Event.UserName), Changes: For(reader, moment.Changes)))
            .Where(m => reader.IsStaff || m.Changes.Count > 0).ToArray();
        var names = await people.NamesAsync(
            [.. PeopleIn(shown.SelectMany(m => m.Changes)), .. shown.Select(m => m.Actor.PersonId).OfType<Guid>().Distinct()], ct);

        return
        [
            .. shown.Select(m => new HistoryEntry(
                m.Moment.Event.Sequence, m.Moment.Version, m.Moment.Event.Timestamp, m.Moment.Type,
                ActorView.Of(m.Actor, names, withKey: reader.IsStaff || m.Actor.PersonId == reader.Id),
                [.. m.Changes.Select(change => View(change, names))], m.Moment.Event.CausationId, m.Moment.Event.CorrelationId)
            {
                EventId = m.Moment.Event.Id, Reason = reader.IsStaff ? ReasonOf(m.Moment.Event.Data) : null,
            }),
        ];
    }

    private IReadOnlyList<FieldChange> For(CurrentUser reader, IEnumerable<FieldChange> changes)
    {
        var readers = reader.IsStaff ? Readers.Staff : options.Value.ShareNotesWithOwner ? Readers.OfNotes : Readers.Everyone;
        return [.. changes.Where(change => change.Field.IsFor(readers))];
    }

    private static Guid[] PeopleIn(IEnumerable<FieldChange> changes) =>
    [
        .. changes.SelectMany(change => new[] { change.Before, change.After })
            .SelectMany(value => value is Who who ? [who] : value as Who[] ?? []).Select(who => who.Id).Distinct(),
    ];

    private static ChangeView View(FieldChange change, IReadOnlyDictionary<Guid, string> names)
    {
        object? Show(object? value) => value switch
        {
            Who who => new PersonView(who.Id, names[who.Id]),
            Who[] people => people.Select(who => new PersonView(who.Id, names[who.Id])).ToArray(),
            _ => value,
        };

        return new(change.Field.Name, Show(change.Before), Show(change.After)) { ReplyId = change.ReplyId };
    }

    private static string? ReasonOf(object data) => data switch
    {
        TicketTriaged e => e.FallbackReason,
        TicketAssigned e => e.Reason,
        TicketUnassigned e => e.Reason,
        TicketLeftUnassigned e => e.Reason,
        TicketMerged e => e.Reason,
        TicketAbsorbed e => e.Reason,
        _ => null,
    };
}
