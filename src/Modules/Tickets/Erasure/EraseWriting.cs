using JasperFx.Events;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Assignment;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Conversation;
using TicMate.Tickets.Drafting;
using TicMate.Tickets.Lifecycle;
using TicMate.Tickets.Similar;
using TicMate.Tickets.Triage;
using Wolverine;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Erasure;

/// <summary>Somebody is gone: erase what they wrote, wherever they wrote it, and give their work to others.</summary>
public sealed record EraseWriting(Guid UserId, int Round = 0);

/// <summary>Erase what was written on one ticket.</summary>
/// <param name="WriterId">Whose writing; null for everybody's, when the ticket was deleted long ago.</param>
/// <param name="Again">It was erased before, and a restore brought it back: no matter when it was deleted, or whether the copy knows of it.</param>
public sealed record EraseTicketWriting(Guid TicketId, Guid? WriterId, bool Again = false);

/// <summary>Where a person wrote something.</summary>
public sealed record Writing(IReadOnlyList<Guid> Tickets, IReadOnlyList<Guid> Notes);

public static class EraseWritingHandler
{
    // The events know every reply; the documents keep the newest ones only. Reads the whole log, which an erasure may.
    public static async Task<Writing> LoadAsync(EraseWriting command, IQuerySession session, CancellationToken ct) => new(
        await session.QueryAsync<Guid>(
            $"""
            select distinct stream_id from {session.DocumentStore.Options.DatabaseSchemaName}.mt_events
            where type in ('ticket_created', 'ticket_replied') and data ->> 'authorId' = ?
               or type in ('ticket_edited', 'ticket_notes_rewritten', 'ticket_merged', 'ticket_absorbed') and data ->> 'byId' = ?
            """, ct, command.UserId.ToString(), command.UserId.ToString()),
        await session.Query<Note>().Where(n => n.AuthorId == command.UserId).Select(n => n.Id).ToListAsync(ct));

    // Requests that were under way when the account was erased may still have written something: look again, twice.
    private static readonly TimeSpan[] Again = [TimeSpan.FromSeconds(15), TimeSpan.FromMinutes(2)];

    public static IEnumerable<object> Handle(EraseWriting command, Writing writing)
    {
        yield return new HandOnTickets(command.UserId);
        foreach (var ticket in writing.Tickets)
            yield return new EraseTicketWriting(ticket, command.UserId);
        foreach (var note in writing.Notes)
            yield return new EraseNote(note);

        if (command.Round < Again.Length)
            yield return new EraseWriting(command.UserId, command.Round + 1).DelayedFor(Again[command.Round]);
    }
}

public static class EraseTicketWritingHandler
{
    public static async Task<(IReadOnlyList<IEvent>, MeaningsKept)> LoadAsync(EraseTicketWriting command, IDocumentSession session, IPostOffice post, CancellationToken ct)
    {
        session.LastModifiedBy = "system:erasure";
        await post.ForgetAsync(command.TicketId.ToString("N"), ct);
        return (await session.Events.FetchStreamAsync(command.TicketId, token: ct), new MeaningsKept(await Vectors.AreKeptAsync(session, ct)));
    }

    // The message may come twice, and the ticket may have come back.
    public static HandlerContinuation Validate(EraseTicketWriting command, Ticket? ticket, DateTimeOffset now) =>
        ticket is null || (command.WriterId is null && (ticket.IsErased || !(command.Again || now - ticket.DeletedAt > RestoreTicketEndpoint.Keeps))) ? HandlerContinuation.Stop : HandlerContinuation.Continue;

    /// <summary>The old events lose the words and the new one makes the document lose them, in one transaction.</summary>
    public static (TicketDeleted?, TicketWritingErased?, TicketErased?, OutgoingMessages) Handle(
        EraseTicketWriting command, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, IReadOnlyList<IEvent> events, MeaningsKept meanings, IDocumentSession session)
    {
        var author = events.Select(e => e.Data).OfType<TicketCreated>().Single().AuthorId;
        var masked = events.Select(e => (Event: e, Data: Masked(e.Data, command.WriterId, author))).Where(m => m.Data is not null && !Equals(m.Data, m.Event.Data)).ToArray();
        foreach (var (e, data) in masked)
            session.Events.OverwriteEvent(e.WithData(data!));

        // A ticket that was ever completed may have taught the built-in advisor its words.
        if (masked.Any(m => m.Data is TicketCreated or TicketEdited) && events.Any(e => e.Data is TicketStatusChanged { To: Status.Completed }))
            StoredLessons.Forget(session);

        // A draft quotes the ticket, and is written for its author.
        if (command.WriterId is null || command.WriterId == author)
            session.DeleteWhere<DraftText>(draft => draft.TicketId == command.TicketId);

        // What the words meant is no longer known either; what is left of them is looked at again.
        if (meanings.Are)
            Vectors.Forget(session, command.TicketId);

        // Advice that has been recorded waits a few minutes among the handled messages, and longer among the dead ones.
        foreach (var table in new[] { "wolverine_incoming_envelopes where status = 'Handled' and", "wolverine_dead_letters where" })
            session.QueueSqlCommand($"delete from wolverine.{table} position(convert_to(?, 'UTF8') in body) > 0", command.TicketId.ToString());

        Guid[] redacts = [.. masked.Select(m => m.Event.Id)];
        return command.WriterId is not { } writer ? (Deleted(ticket!), null, new TicketErased(ticket!.Id) { Redacts = redacts }, [new EraseNotes(ticket.Id)])
            : masked.Length == 0 ? (null, null, null, []) : (null, new TicketWritingErased(ticket!.Id, writer) { Redacts = redacts }, null, []);
    }

    // Who deleted it was told by an event that the restored copy does not have.
    private static TicketDeleted? Deleted(Ticket ticket) =>
        ticket.DeletedAt is null ? new(ticket.Id, Reference.Nothing, ticket.IsOpen ? ticket.AssigneeId : null) : null;

    /// <summary>The event without the person's words, or null when it holds none of them.</summary>
    /// <param name="writer">Whose words go; null for everybody's.</param>
    public static object? Masked(object data, Guid? writer, Guid author)
    {
        bool Goes(Guid by) => writer is null || writer == by;

        return data switch
        {
            TicketCreated e when Goes(author) => e with { Title = Ticket.Erased, Description = Ticket.Erased, Category = e.Category is null ? null : "", ImportKey = null },
            TicketEdited e when Goes(e.ById) || Goes(author) => e with
            {
                Title = e.Title is null ? null : Ticket.Erased, Description = e.Description is null ? null : Ticket.Erased, Category = e.Category is null || !Goes(author) ? e.Category : "",
            },
            TicketTriaged e when Goes(author) => e with { Proposals = [.. e.Proposals.Select(p => p with { Value = Emptied(p.Field, p.Value), Reason = "", Quotes = [] })] },
            TicketProposalAccepted e when Goes(author) => e with { Value = Emptied(e.Field, e.Value) },
            TicketProposalRejected { Restored: { } restored } e when Goes(author) => e with { Restored = Emptied(e.Field, restored) },
            TicketTriageUndone e when Goes(author) => e with { Notes = "", Summary = "", Category = "" },
            TicketNotesRewritten e when Goes(e.ById) || Goes(author) => e with { Notes = "" },
            TicketReplied e when Goes(e.AuthorId) => e with { Message = Ticket.Erased },
            TicketReplyCorrected e when Goes(e.AuthorId) => e with { Message = Ticket.Erased },
            TicketMerged e when Goes(e.ById) => e with { Reason = "" },
            TicketAbsorbed e when Goes(e.ById) => e with { Reason = "" },
            _ => null,
        };
    }

    // A priority and the names of skills say nothing about anyone.
    private static string[] Emptied(string field, string[] value) => field is ProposalField.Priority or ProposalField.Skills ? value : [""];
}

/// <summary>What a person wrote on tickets, for their export.</summary>
public sealed class WrittenTickets(IDocumentStore store) : IPersonalDataSource
{
    private const int Page = 100;

    public string Section => "tickets";

    public async IAsyncEnumerable<object> ReadAsync(Guid userId, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await using var session = store.QuerySession();
        var ids = (await EraseWritingHandler.LoadAsync(new EraseWriting(userId), session, ct)).Tickets;
        foreach (var page in ids.Chunk(Page))
        {
            var tickets = (await session.LoadManyAsync<Ticket>(ct, page)).ToDictionary(t => t.Id);
            var replies = (await session.Events.QueryRawEventDataOnly<TicketReplied>()
                .Where(r => r.AuthorId == userId && r.TicketId.IsOneOf(page)).ToListAsync(ct)).Select(r => (r.TicketId, r.Message));
            var corrections = (await session.Events.QueryRawEventDataOnly<TicketReplyCorrected>()
                .Where(r => r.AuthorId == userId && r.TicketId.IsOneOf(page)).ToListAsync(ct)).Select(r => (r.TicketId, r.Message));
            var words = replies.Concat(corrections).ToLookup(r => r.TicketId, r => r.Message);

            foreach (var id in page)
                if (tickets.TryGetValue(id, out var ticket))
                    yield return ticket.AuthorId == userId
                        ? new { ticket.Number, ticket.Title, ticket.Description, ticket.Status, ticket.Category, ticket.Deadline, ticket.CreatedAt, Replies = words[id] }
                        : new { ticket.Number, Replies = words[id] };
        }
    }
}
