using TicMate.Identity.Contracts;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Identity.Sessions;

public static class LogOutEndpoint
{
    // Harmless without a session.
    public static Guid SessionId(HttpContext http) =>
        http.User.Identity is { IsAuthenticated: true } ? SessionUser.Of(http.User).SessionId : Reference.Nothing;

    [AllowAnonymous, WolverinePost("/api/auth/logout")]
    public static (Answer, SessionEnded?) Post(
        [WriteModel(FromMethod = nameof(SessionId), LoadStyle = ModelConcurrencyStyle.Exclusive)] Session? session, SessionCookies cookies, HttpContext http)
    {
        cookies.Clear(http);
        return (new Answer("You are signed out."), session is { EndedAt: null } ? new SessionEnded(session.Id, session.UserId, "signed-out") : null);
    }
}
