using TicMate.Identity.Contracts;

namespace TicMate.Admin.Audit;

/// <summary>One page of what happened, the newest first; <c>next</c> is the cursor of the page after it, null on the last.</summary>
public sealed record AuditAnswer(IReadOnlyList<AuditEntry> Entries, string? Next) : Answer;

public static class ListAuditEndpoint
{
    public static (AuditQuery, ProblemDetails) Validate(HttpContext http) => AuditQuery.Read(http.Request.Query, AuditQuery.Parameters);

    [Authorize(Roles = Roles.Admin), RecordsRead("audit"), WolverineGet("/api/admin/audit")]
    [ProducesResponseType<ProblemDetails>(400)]
    public static async Task<AuditAnswer> Get(AuditQuery query, AuditReader reader, CancellationToken ct)
    {
        var (entries, next) = await reader.PageAsync(query, ct);
        return new(entries, next?.ToString());
    }
}
