using Marten;
using Microsoft.Net.Http.Headers;
using TicMate.Identity.Contracts;
using TicMate.Tickets.History;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Reading;

public static class GetTicketEndpoint
{
    public static (PastTicket, ProblemDetails) Validate(Ticket? ticket, CurrentUser user, HttpContext http, DateTimeOffset now)
    {
        if (TicketGuard.Unseen(ticket, user) is { } unseen)
            return (new(null, null), unseen);

        var (asked, refusal) = PastTicket.Read(http.Request.Query, ticket!, now);
        return (asked, refusal ?? WolverineContinue.NoProblems);
    }

    [WolverineGet("/api/tickets/{ticketId}")]
    [ProducesResponseType<TicketAnswer>(200), ProducesResponseType(304), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(
        [ReadModel] Ticket? ticket, PastTicket asked, CurrentUser user, TicketReader reader, IQuerySession session, HttpContext http, CancellationToken ct)
    {
        http.Response.Headers.CacheControl = "private, no-cache";
        if (!asked.IsNow)
            return Results.Ok(await asked.ReadAsync(ticket!, user, session, reader, ct));

        var etag = new EntityTagHeaderValue($"\"{ticket!.Version}\"");
        http.Response.Headers.ETag = etag.ToString();

        // RFC 9110, section 13.1.2: weak comparison, since a proxy that compresses makes tags weak.
        return http.Request.GetTypedHeaders().IfNoneMatch.Any(sent => sent.Equals(EntityTagHeaderValue.Any) || sent.Compare(etag, useStrongComparison: false))
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Ok(new TicketAnswer(null, await reader.ViewAsync(ticket, user, ct)));
    }
}
