using Marten;
using Microsoft.Net.Http.Headers;
using TicMate.Identity.Contracts;
using TicMate.Tickets.History;
using TicMate.Tickets.Searching;

namespace TicMate.Tickets.Reading;

public static class GetTicketEndpoint
{
    public static Task<StoredTicket?> LoadAsync(Guid ticketId, TicketLists tickets, CancellationToken ct) => tickets.FindAsync(ticketId, ct);

    public static (PastTicket, ProblemDetails) Validate(StoredTicket? ticket, CurrentUser user, HttpContext http, TicketLists tickets, DateTimeOffset now)
    {
        if (TicketGuard.Unseen(ticket, user) is { } unseen)
            return (new(null, null), unseen);

        if (http.Request.Query.Count == 0)
            return (new(null, null), WolverineContinue.NoProblems);

        var (asked, refusal) = PastTicket.Read(http.Request.Query, tickets.Read(ticket!), now);
        return (asked, refusal ?? WolverineContinue.NoProblems);
    }

    [WolverineGet("/api/tickets/{ticketId}")]
    [ProducesResponseType<TicketAnswer>(200), ProducesResponseType(304), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(
        StoredTicket? ticket, PastTicket asked, CurrentUser user, TicketLists tickets, TicketReader reader, IDocumentStore store, HttpContext http, CancellationToken ct)
    {
        http.Response.Headers.CacheControl = "private, no-cache";
        if (!asked.IsNow)
        {
            await using var session = store.QuerySession();
            return Results.Ok(await asked.ReadAsync(tickets.Read(ticket!), user, session, reader, ct));
        }

        var etag = new EntityTagHeaderValue($"\"{ticket!.Version}\"");
        http.Response.Headers.ETag = etag.ToString();

        // RFC 9110, section 13.1.2: weak comparison, since a proxy that compresses makes tags weak.
        if (http.Request.Headers.IfNoneMatch.Count > 0
            && http.Request.GetTypedHeaders().IfNoneMatch.Any(sent => sent.Equals(EntityTagHeaderValue.Any) || sent.Compare(etag, useStrongComparison: false)))
            return Results.StatusCode(StatusCodes.Status304NotModified);

        var write = await reader.WritingAsync(ticket, user, ct);
        return new WrittenAnswer(answer =>
        {
            answer.WritePropertyName("ticket"u8);
            write(answer);
        });
    }
}
