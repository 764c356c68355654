using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Searching;

public static class ListTicketsEndpoint
{
    public static (TicketFilter, ProblemDetails) Validate(CurrentUser user, HttpContext http) => TicketFilter.Read(TicketList.Mine, http.Request.Query, user);

    [WolverineGet("/api/tickets")]
    [ProducesResponseType<TicketPageAnswer>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403)]
    public static Task<IResult> Get(TicketFilter filter, CurrentUser user, TicketLists lists, HttpContext http) =>
        lists.PageAsync(filter, filter.Everybodys ? TicketReach.Everything(user) : TicketReach.Own(user), user, http);
}

public static class ListAssignedTicketsEndpoint
{
    public static (TicketFilter, ProblemDetails) Validate(CurrentUser user, HttpContext http) => TicketFilter.Read(TicketList.Assigned, http.Request.Query, user);

    [WolverineGet("/api/tickets/get-assigned")]
    [ProducesResponseType<TicketPageAnswer>(200), ProducesResponseType<ProblemDetails>(400)]
    public static Task<IResult> Get(TicketFilter filter, CurrentUser user, TicketLists lists, HttpContext http) =>
        lists.PageAsync(filter, TicketReach.Work(user), user, http);
}

public static class ListAllTicketsEndpoint
{
    public static (TicketFilter, ProblemDetails) Validate(CurrentUser user, HttpContext http) => TicketFilter.Read(TicketList.Every, http.Request.Query, user);

    [Authorize(Roles = Roles.Staff), WolverineGet("/api/admin/tickets")]
    [ProducesResponseType<TicketPageAnswer>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403)]
    public static Task<IResult> Get(TicketFilter filter, CurrentUser user, TicketLists lists, HttpContext http) =>
        lists.PageAsync(filter, TicketReach.Everything(user), user, http);
}
