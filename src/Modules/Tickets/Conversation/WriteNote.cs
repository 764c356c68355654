using System.Text.Json.Serialization;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Conversation;

public sealed record WriteNote(
    Field<string> Message,
    [property: JsonPropertyName("ticketId")] Reference? Named = null);

public static class WriteNoteEndpoint
{
    public static Task<Ticket?> LoadAsync(Guid ticketId, IQuerySession session, CancellationToken ct) => session.LoadAsync<Ticket>(ticketId, ct);

    public static ProblemDetails Validate(WriteNote request, Ticket? ticket, CurrentUser user, IfMatch match) =>
        TicketGuard.Unseen(ticket, user) ?? TicketGuard.NotStaff(user)
        ?? new Faults().Text("message", request.Message, 10_000)
            .When(request.Named is { Text.Length: > 0 } named && named.Id != ticket!.Id, "ticketId", "The body names another ticket than the address.")
            .Refusal
        ?? match.Stale(ticket!.Version) ?? TicketGuard.Frozen(ticket) ?? WolverineContinue.NoProblems;

    [WolverinePost("/api/tickets/{ticketId}/notes")]
    [ProducesResponseType<NoteAnswer>(201), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (NoteStored, IStartStream) Post(WriteNote request, Ticket? ticket, CurrentUser user)
    {
        var id = Guid.CreateVersion7();
        return (
            new NoteStored(id, "Your note is added.", StatusCodes.Status201Created),
            MartenOps.StartStream<Note>(id, new NoteWritten(id, ticket!.Id, user.Id, request.Message.Value!)));
    }
}

public sealed record CorrectNote(Field<string> Message);

public static class CorrectNoteEndpoint
{
    public static Task<Ticket?> LoadAsync(Guid ticketId, IQuerySession session, CancellationToken ct) => session.LoadAsync<Ticket>(ticketId, ct);

    public static ProblemDetails Validate(CorrectNote request, Ticket? ticket, Note? note, CurrentUser user, DateTimeOffset now) =>
        Notes.Unchangeable(ticket, note, user)
        ?? new Faults().Text("message", request.Message, 10_000).Refusal
        ?? TicketGuard.Frozen(ticket!) ?? Correcting.TooOld("note", note!.CreatedAt, now) ?? WolverineContinue.NoProblems;

    [WolverinePatch("/api/tickets/{ticketId}/notes/{noteId}")]
    [ProducesResponseType<NoteAnswer>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409)]
    public static (NoteStored, NoteCorrected?) Patch(CorrectNote request, [WriteModel("noteId", LoadStyle = ModelConcurrencyStyle.Exclusive)] Note? note)
    {
        var message = request.Message.Value!;
        return message == note!.Message
            ? (new NoteStored(note.Id, "The note says that already."), null)
            : (new NoteStored(note.Id, "The note is corrected."), new NoteCorrected(note.Id, note.TicketId, note.AuthorId, message));
    }
}

public static class WithdrawNoteEndpoint
{
    public static Task<Ticket?> LoadAsync(Guid ticketId, IQuerySession session, CancellationToken ct) => session.LoadAsync<Ticket>(ticketId, ct);

    public static ProblemDetails Validate(Ticket? ticket, Note? note, CurrentUser user, DateTimeOffset now) =>
        Notes.Unchangeable(ticket, note, user) ?? TicketGuard.Frozen(ticket!) ?? Correcting.TooOld("note", note!.CreatedAt, now)
        ?? WolverineContinue.NoProblems;

    [WolverineDelete("/api/tickets/{ticketId}/notes/{noteId}")]
    [ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409)]
    public static (Answer, NoteWithdrawn) Delete(
        Guid noteId, [NotBody] CurrentUser user, [WriteModel("noteId", LoadStyle = ModelConcurrencyStyle.Exclusive)] Note? note) =>
        (new Answer("The note is withdrawn."), new NoteWithdrawn(noteId, note!.TicketId, user.Id));
}

public static class Notes
{
    /// <summary>Whatever keeps a person from a note, before the request itself is looked at.</summary>
    public static ProblemDetails? Unchangeable(Ticket? ticket, Note? note, CurrentUser user) =>
        TicketGuard.Unseen(ticket, user) ?? TicketGuard.NotStaff(user)
        ?? (note is { WithdrawnAt: null } && note.TicketId == ticket!.Id ? Correcting.NotTheirs(note.AuthorId, user) : Refuse.NotFound("note"));
}
