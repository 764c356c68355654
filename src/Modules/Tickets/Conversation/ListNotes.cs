using Marten;
using Marten.Linq.MatchesSql;
using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Conversation;

/// <summary>One page of the notes, oldest first; <c>next</c> is the cursor of the page after it, null on the last.</summary>
public sealed record NotesAnswer(IReadOnlyList<NoteView> Notes, string? Next) : Answer;

public static class ListNotesEndpoint
{
    public static Task<Ticket?> LoadAsync(Guid ticketId, IQuerySession session, CancellationToken ct) => session.LoadAsync<Ticket>(ticketId, ct);

    public static (KeyPage, ProblemDetails) Validate(Ticket? ticket, CurrentUser user, HttpContext http)
    {
        var (page, faults) = KeyPage.Read(http.Request.Query);
        return (page, TicketGuard.Unseen(ticket, user) ?? TicketGuard.NotStaff(user) ?? faults);
    }

    [WolverineGet("/api/tickets/{ticketId}/notes")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<NotesAnswer> Get(Guid ticketId, KeyPage page, IQuerySession session, IPeople people, CancellationToken ct)
    {
        // Ids are made in the order of time.
        var notes = session.Query<Note>().Where(n => n.TicketId == ticketId && n.WithdrawnAt == null);
        if (page.After is { } after)
            notes = notes.Where(n => n.MatchesSql("d.id > ?", after));

        var found = await notes.OrderBy(n => n.Id).Take(page.Limit + 1).ToListAsync(ct);
        var shown = found.Take(page.Limit).ToArray();
        return new NotesAnswer(await people.ViewsAsync(shown, ct), found.Count > page.Limit ? shown[^1].Id.ToString() : null);
    }
}
