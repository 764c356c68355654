using Marten;
using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Reading;

public static class ListMyTicketsEndpoint
{
    public static (TicketPage, ProblemDetails) Validate(HttpContext http) => TicketPage.Read(http.Request.Query);

    [WolverineGet("/api/tickets")]
    [ProducesResponseType<ProblemDetails>(400)]
    public static Task<TicketPageAnswer> Get(TicketPage page, CurrentUser user, IQuerySession session, TicketReader reader, CancellationToken ct) =>
        page.ReadAsync(session.Query<Ticket>().Where(t => t.AuthorId == user.Id && t.DeletedAt == null), user, reader, ct);
}

public static class ListAssignedTicketsEndpoint
{
    public static (TicketPage, ProblemDetails) Validate(HttpContext http) => TicketPage.Read(http.Request.Query);

    [WolverineGet("/api/tickets/get-assigned")]
    [ProducesResponseType<ProblemDetails>(400)]
    public static Task<TicketPageAnswer> Get(TicketPage page, CurrentUser user, IQuerySession session, TicketReader reader, CancellationToken ct) =>
        page.ReadAsync(session.Query<Ticket>().Where(t => t.AssigneeId == user.Id && t.DeletedAt == null), user, reader, ct);
}
