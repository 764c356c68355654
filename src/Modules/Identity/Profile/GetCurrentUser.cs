using Marten;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Profile;

public static class GetCurrentUserEndpoint
{
    [WolverineGet("/api/auth/user")]
    public static Task<UserAnswer> Get(CurrentUser user, IQuerySession session, CancellationToken ct) =>
        UserAnswer.ReadAsync(session, user.Id, null, ct);
}
