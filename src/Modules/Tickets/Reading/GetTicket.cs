using Microsoft.Net.Http.Headers;
using TicMate.Identity.Contracts;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Reading;

public static class GetTicketEndpoint
{
    public static ProblemDetails Validate(Ticket? ticket, CurrentUser user) =>
        TicketGuard.Unseen(ticket, user) ?? WolverineContinue.NoProblems;

    [WolverineGet("/api/tickets/{ticketId}")]
    [ProducesResponseType<TicketAnswer>(200), ProducesResponseType(304), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get([ReadModel] Ticket? ticket, CurrentUser user, TicketReader reader, HttpContext http, CancellationToken ct)
    {
        var etag = new EntityTagHeaderValue($"\"{ticket!.Version}\"");
        http.Response.Headers.ETag = etag.ToString();
        http.Response.Headers.CacheControl = "private, no-cache";

        // RFC 9110, section 13.1.2: weak comparison, since a proxy that compresses makes tags weak.
        return http.Request.GetTypedHeaders().IfNoneMatch.Any(sent => sent.Equals(EntityTagHeaderValue.Any) || sent.Compare(etag, useStrongComparison: false))
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Ok(new TicketAnswer(null, await reader.ViewAsync(ticket, user, ct)));
    }
}
