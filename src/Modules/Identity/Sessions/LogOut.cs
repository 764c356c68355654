using TicMate.Identity.Contracts;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Identity.Sessions;

public static class LogOutEndpoint
{
    [AllowAnonymous, WolverinePost("/api/auth/logout")]
    public static (Answer, SignedOut?) Post(
        [WriteModel(FromClaim = SessionClaims.SessionId)] Session? session, SessionCookies cookies, HttpContext http)
    {
        cookies.Clear(http);
        return (new Answer("You are signed out."), session is { EndedAt: null } ? new SignedOut(session.Id, session.UserId) : null);
    }
}
