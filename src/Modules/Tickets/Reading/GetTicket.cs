using TicMate.Identity.Contracts;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Reading;

public static class GetTicketEndpoint
{
    public static ProblemDetails Validate(Ticket? ticket, CurrentUser user) =>
        ticket?.IsVisibleTo(user) is true ? WolverineContinue.NoProblems : Refuse.NotFound("ticket");

    [WolverineGet("/api/tickets/{ticketId}")]
    [ProducesResponseType<TicketAnswer>(200), ProducesResponseType(304), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get([ReadModel] Ticket? ticket, CurrentUser user, TicketReader reader, HttpContext http, CancellationToken ct)
    {
        var etag = $"\"{ticket!.Version}\"";
        http.Response.Headers.ETag = etag;
        http.Response.Headers.CacheControl = "private, no-cache";

        return http.Request.Headers.IfNoneMatch.Any(sent => sent == etag)
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Ok(new TicketAnswer(null, await reader.ViewAsync(ticket, user, ct)));
    }
}
