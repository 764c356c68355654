using TicMate.Identity.Contracts;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Identity.Sessions;

/// <summary>Ends one of the caller's own sessions; the current one too, which is then a sign-out.</summary>
public static class EndSessionEndpoint
{
    public static Guid SessionId(Guid handleId, SessionHandles handles) => handles.SessionOf(handleId);

    public static ProblemDetails Validate(Session? session, CurrentUser user) =>
        session is { EndedAt: null } && session.UserId == user.Id ? WolverineContinue.NoProblems : Refuse.NotFound("session");

    [WolverineDelete("/api/auth/sessions/{handleId}")]
    [ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(404)]
    public static (Answer, SessionEnded) Delete(
        [WriteModel(FromMethod = nameof(SessionId), LoadStyle = ModelConcurrencyStyle.Exclusive)] Session? session, Guid handleId, [NotBody] CurrentUser user, SessionCookies cookies, HttpContext http)
    {
        if (session!.Id == user.SessionId)
            cookies.Clear(http);

        return (new Answer("The session has ended."), new SessionEnded(session.Id, user.Id, session.Id == user.SessionId ? "signed-out" : "ended-elsewhere"));
    }
}
