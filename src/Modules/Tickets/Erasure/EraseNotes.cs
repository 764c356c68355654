using JasperFx.Events;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Conversation;
using Wolverine;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Erasure;

/// <summary>Erase every note on a ticket, whoever wrote it: the ticket's own words are gone.</summary>
public sealed record EraseNotes(Guid TicketId);

/// <summary>Erase the words of one note.</summary>
public sealed record EraseNote(Guid NoteId);

public static class EraseNotesHandler
{
    public static Task<IReadOnlyList<Guid>> LoadAsync(EraseNotes command, IQuerySession session, CancellationToken ct) =>
        session.Query<Note>().Where(n => n.TicketId == command.TicketId).Select(n => n.Id).ToListAsync(ct);

    public static IEnumerable<object> Handle(EraseNotes _, IReadOnlyList<Guid> notes) => notes.Select(id => new EraseNote(id));
}

public static class EraseNoteHandler
{
    public static Task<IReadOnlyList<IEvent>> LoadAsync(EraseNote command, IDocumentSession session, CancellationToken ct)
    {
        session.LastModifiedBy = "system:erasure";
        return session.Events.FetchStreamAsync(command.NoteId, token: ct);
    }

    public static HandlerContinuation Validate(Note? note) => note is null ? HandlerContinuation.Stop : HandlerContinuation.Continue;

    public static NoteErased? Handle(
        EraseNote command, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Note? note, IReadOnlyList<IEvent> events, IDocumentSession session)
    {
        var masked = events.Select(e => (Event: e, Data: Masked(e.Data))).Where(m => m.Data is not null && !Equals(m.Data, m.Event.Data)).ToArray();
        foreach (var (e, data) in masked)
            session.Events.OverwriteEvent(e.WithData(data!));

        return masked.Length == 0 ? null : new(note!.Id, note.TicketId) { Redacts = [.. masked.Select(m => m.Event.Id)] };
    }

    /// <summary>The event without the words, or null when it holds none.</summary>
    public static object? Masked(object data) => data switch
    {
        NoteWritten e => e with { Message = Ticket.Erased },
        NoteCorrected e => e with { Message = Ticket.Erased },
        _ => null,
    };
}

/// <summary>The notes that a person wrote, for their export.</summary>
public sealed class WrittenNotes(IDocumentStore store) : IPersonalDataSource
{
    private const int Page = 100;

    public string Section => "notes";

    public async IAsyncEnumerable<object> ReadAsync(Guid userId, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await using var session = store.QuerySession();
        var ids = await session.Query<Note>().Where(n => n.AuthorId == userId).Select(n => n.Id).ToListAsync(ct);
        foreach (var page in ids.Chunk(Page))
        {
            var words = await session.Events.QueryAllRawEvents().Where(e => e.StreamId.IsOneOf(page)).OrderBy(e => e.Sequence).ToListAsync(ct);
            foreach (var e in words)
                if (e.Data is NoteWritten or NoteCorrected)
                    yield return e.Data switch
                    {
                        NoteWritten w => new { w.TicketId, w.Message, At = e.Timestamp },
                        NoteCorrected c => new { c.TicketId, c.Message, At = e.Timestamp },
                        _ => null!,
                    };
        }
    }
}
