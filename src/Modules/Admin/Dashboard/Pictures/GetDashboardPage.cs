using TicMate.Identity.Contracts;

namespace TicMate.Admin.Dashboard.Pictures;

public static class GetDashboardPageEndpoint
{
    public static (DashboardQuery, ProblemDetails) Validate(HttpContext http, DateTimeOffset now) => DashboardQuery.Read(http.Request.Query, now);

    /// <summary>The numbers of the dashboard as one page with charts, for a browser; it needs nothing from elsewhere.</summary>
    [Authorize(Roles = Roles.Admin), RecordsRead("dashboard"), WolverineGet("/api/admin/dashboard.html")]
    [ProducesResponseType(typeof(string), 200, "text/html")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403)]
    public static async Task<IResult> Get(DashboardQuery query, CurrentUser admin, Dashboards dashboards, CancellationToken ct) =>
        new DashboardPage(query, await dashboards.CountAsync(query, admin, ct));
}
