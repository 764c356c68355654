using Marten;
using Marten.Linq.MatchesSql;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Sessions;

/// <param name="Kind"><c>cookie</c> or <c>bearer</c>.</param>
public sealed record SessionView(Guid Id, DateTimeOffset CreatedAt, DateTimeOffset? LastSeenAt, bool Current, string Kind);

public sealed record SessionsAnswer(IReadOnlyList<SessionView> Sessions, string? Next) : Answer;

public static class ListSessionsEndpoint
{
    public static (KeyPage, ProblemDetails) Validate(HttpContext http) => KeyPage.Read(http.Request.Query);

    [WolverineGet("/api/auth/sessions")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401)]
    public static async Task<SessionsAnswer> Get(
        KeyPage page, CurrentUser user, SessionHandles handles, IQuerySession session, DateTimeOffset now, CancellationToken ct)
    {
        var oldest = now - Session.LongestLife;
        var open = session.Query<Session>().Where(s => s.UserId == user.Id && s.EndedAt == null && s.StartedAt > oldest);
        if (page.After is { } after)
            open = open.Where(s => s.MatchesSql("d.id < ?", handles.SessionOf(after)));

        var found = await open.OrderByDescending(s => s.Id).Take(page.Limit + 1).ToListAsync(ct);
        var shown = found.Take(page.Limit).ToArray();
        var uses = (await session.LoadManyAsync<LastUse>(ct, shown.Select(s => s.Id).ToArray())).ToDictionary(use => use.Id);

        return new SessionsAnswer(
            [.. shown
                .Where(s => !s.IsOver(user.Role, uses.GetValueOrDefault(s.Id)?.At ?? s.StartedAt, now) || s.Id == user.SessionId)
                .Select(s => new SessionView(handles.Of(s.Id), s.StartedAt, uses.GetValueOrDefault(s.Id)?.At, s.Id == user.SessionId, s.Kind))],
            found.Count > page.Limit ? handles.Of(shown[^1].Id).ToString() : null);
    }
}
