using Marten;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Sessions;

/// <summary>Ends every session of the caller, the current one included. API keys go on.</summary>
public static class LogOutEverywhereEndpoint
{
    public static Task<OpenSessions> LoadAsync(CurrentUser user, IDocumentSession session, CancellationToken ct) => session.HoldSessionsAsync(user.Id, ct);

    [WolverinePost("/api/auth/logout-everywhere")]
    [ProducesResponseType<ProblemDetails>(401)]
    public static (Answer, EndSessions) Post([NotBody] OpenSessions sessions, SessionCookies cookies, HttpContext http)
    {
        cookies.Clear(http);
        return (new Answer("You are signed out everywhere, here too."), sessions.End("signed-out-everywhere"));
    }
}
