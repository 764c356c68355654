using System.Text.Json.Serialization;
using JasperFx.CodeGeneration.Frames;
using JasperFx.Events;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using Wolverine;
using Wolverine.Configuration;

namespace TicMate.Tickets.Conversation;

/// <summary>What staff tell each other about a ticket. It is never part of the ticket, so that no view of one can show it.</summary>
public sealed record Note
{
    public Guid Id { get; init; }
    public int Version { get; init; }
    public Guid TicketId { get; init; }
    public Guid AuthorId { get; init; }
    public string Message { get; init; } = "";
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? CorrectedAt { get; init; }
    public DateTimeOffset? WithdrawnAt { get; init; }

    public static Note Create(IEvent<NoteWritten> e) => new()
    {
        Id = e.Data.NoteId, TicketId = e.Data.TicketId, AuthorId = e.Data.AuthorId, Message = e.Data.Message, CreatedAt = e.Timestamp,
    };

    public Note Apply(IEvent<NoteCorrected> e) => this with { Message = e.Data.Message, CorrectedAt = e.Timestamp };
    public Note Apply(IEvent<NoteWithdrawn> e) => this with { WithdrawnAt = e.Timestamp };
    public Note Apply(NoteErased _) => this with { Message = Ticket.Erased };
}

public sealed record NoteView(Guid Id, string Message, DateTimeOffset CreatedAt, Reading.PersonView CreatedBy)
{
    [JsonPropertyName("_id")]
    public Guid UnderscoreId => Id;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? CorrectedAt { get; init; }
}

public sealed record NoteAnswer(string? Message, NoteView Note) : Answer(Message);

/// <summary>Answers with a note once it is stored.</summary>
public sealed record NoteStored(Guid NoteId, string Message, int StatusCode = StatusCodes.Status200OK) : IResponseAware
{
    public static void ConfigureResponse(IChain chain) => chain.UseForResponse(new MethodCall(typeof(NoteStored), nameof(AnswerAsync)));

    public static async Task<NoteAnswer> AnswerAsync(NoteStored stored, IDocumentSession session, IPeople people, HttpContext http, CancellationToken ct)
    {
        var note = (await session.Events.FetchLatest<Note>(stored.NoteId, ct))!;
        http.Response.StatusCode = stored.StatusCode;
        if (stored.StatusCode is StatusCodes.Status201Created)
            http.Response.Headers.Location = $"/api/tickets/{note.TicketId}/notes#{note.Id}";

        return new NoteAnswer(stored.Message, (await people.ViewsAsync([note], ct))[0]);
    }
}

public static class NoteViews
{
    public static async ValueTask<NoteView[]> ViewsAsync(this IPeople people, IReadOnlyCollection<Note> notes, CancellationToken ct)
    {
        var names = await people.NamesAsync([.. notes.Select(n => n.AuthorId).Distinct()], ct);
        return [.. notes.Select(n => new NoteView(n.Id, n.Message, n.CreatedAt, new(n.AuthorId, names[n.AuthorId])) { CorrectedAt = n.CorrectedAt })];
    }
}
