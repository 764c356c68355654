using Marten;
using Marten.Linq.MatchesSql;
using TicMate.Identity.Contracts;
using TicMate.Identity.Sessions;

namespace TicMate.Identity.ApiKeys;

public sealed record ApiKeysAnswer(IReadOnlyList<ApiKeyView> ApiKeys, string? Next) : Answer;

public static class ListApiKeysEndpoint
{
    public static (KeyPage, ProblemDetails) Validate(HttpContext http) => KeyPage.Read(http.Request.Query);

    [WolverineGet("/api/auth/api-keys")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401)]
    public static async Task<ApiKeysAnswer> Get(KeyPage page, CurrentUser user, IQuerySession session, CancellationToken ct)
    {
        var keys = session.Query<ApiKey>().Where(key => key.UserId == user.Id);
        if (page.After is { } after)
            keys = keys.Where(key => key.MatchesSql("d.id < ?", after));

        var found = await keys.OrderByDescending(key => key.Id).Take(page.Limit + 1).ToListAsync(ct);
        var shown = found.Take(page.Limit).ToArray();
        var uses = (await session.LoadManyAsync<LastUse>(ct, shown.Select(key => key.Id).ToArray())).ToDictionary(use => use.Id, use => use.At);

        return new ApiKeysAnswer(
            [.. shown.Select(key => new ApiKeyView(
                key.Id, key.Name, key.Prefix, key.Scopes, key.CreatedAt, key.ExpiresAt, uses.TryGetValue(key.Id, out var at) ? at : null))],
            found.Count > page.Limit ? shown[^1].Id.ToString() : null);
    }
}
