using TicMate.Admin.Audit;
using TicMate.Identity.Contracts;

namespace TicMate.Admin.Users;

/// <param name="Sessions">Those that are not over, the newest first.</param>
/// <param name="History">What last happened to the account, from the audit, the newest first.</param>
public sealed record UserDetailAnswer(UserRow User, IReadOnlyList<OpenSession> Sessions, IReadOnlyList<AuditEntry> History) : Answer;

public static class GetUserEndpoint
{
    private const int Recent = 25;

    public static Task<UserView?> LoadAsync(Guid userId, IAccounts accounts, CancellationToken ct) => accounts.FindAsync(userId, ct);

    public static ProblemDetails Validate(UserView? user, HttpContext http) => user is null ? Refuse.NotFound("user")
        : http.Request.Query.Keys.Aggregate(new Faults(), (faults, name) => faults.Add(name, $"{name} is not a parameter of this route.")).Problem;

    /// <summary>One account: its sessions, and what last happened to it.</summary>
    [Authorize(Roles = Roles.Admin), RecordsRead("user"), WolverineGet("/api/admin/users/{userId}")]
    [ProducesResponseType<UserDetailAnswer>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<UserDetailAnswer> Get(
        Guid userId, UserView? user, IAccounts accounts, UserRows rows, AuditReader audit, CancellationToken ct)
    {
        var (history, _) = await audit.PageAsync(new AuditQuery { Subject = userId, Limit = Recent }, ct);
        return new((await rows.OfAsync([user!], ct))[0], await accounts.SessionsAsync(user!, ct), history);
    }
}
