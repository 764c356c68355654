using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Sessions;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Identity.ApiKeys;

/// <param name="ExpiresAt">RFC 3339 time or a plain date, at most a year ahead; 90 days when it is not said.</param>
public sealed record CreateApiKey(Field<string> Name, Field<string[]> Scopes, Field<string> ExpiresAt);

/// <param name="Secret">Shown this once.</param>
public sealed record NewApiKeyView(
    Guid Id, string Name, string Prefix, string[] Scopes, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? LastUsedAt, string Secret)
    : ApiKeyView(Id, Name, Prefix, Scopes, CreatedAt, ExpiresAt, LastUsedAt);

public sealed record NewApiKeyAnswer(string? Message, NewApiKeyView ApiKey) : Answer(Message);

/// <summary>How many keys of the caller work now.</summary>
public sealed record LiveKeys(int Count);

public static class CreateApiKeyEndpoint
{
    private const int Most = 20;
    private static readonly TimeSpan UsualLife = TimeSpan.FromDays(90);

    public static ProblemDetails Before(CreateApiKey request, TimeProvider clock)
    {
        var (now, scopes, until) = (clock.GetUtcNow(), request.Scopes.Value ?? [], WireTime.Parse(request.ExpiresAt.Value));
        return new Faults()
            .Line("name", request.Name, 100)
            .When(request.Scopes.IsMalformed || scopes.Length is 0 or > 10 || !scopes.All(s => s is not null && ApiKeyScopes.All.Contains(s)), "scopes",
                $"Scopes must be a list of one or more of {string.Join(", ", ApiKeyScopes.All.Order(StringComparer.Ordinal))}.")
            .When(request.ExpiresAt.IsMalformed || (until is null ? !string.IsNullOrEmpty(request.ExpiresAt.Value) : until <= now || until > now.AddYears(1).AddDays(1)), "expiresAt",
                "ExpiresAt must be a date (2026-12-31) or a time with an offset (2026-12-31T17:00:00Z), at most a year from now.")
            .Problem;
    }

    // After the account is held: of two keys at once, the second counts the first.
    public static async Task<LiveKeys> LoadAsync(User account, IQuerySession session, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return new LiveKeys(await session.Query<ApiKey>().CountAsync(key => key.UserId == account.Id && key.ExpiresAt > now, ct));
    }

    public static ProblemDetails Validate(LiveKeys keys) => keys.Count >= Most
        ? Refuse.With(409, "too-many-api-keys", $"There are {Most} API keys already. Delete one that is not used any more.")
        : WolverineContinue.NoProblems;

    [WolverinePost("/api/auth/api-keys")]
    [ProducesResponseType<NewApiKeyAnswer>(201), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401)]
    [ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(409)]
    public static (IResult, ApiKeyCreated, StoreDoc<ApiKey>) Post(
        CreateApiKey request, [WriteModel(FromClaim = SessionClaims.UserId, LoadStyle = ModelConcurrencyStyle.Exclusive)] User account, DateTimeOffset now)
    {
        var secret = ApiKeySecret.New();
        var key = new ApiKey(
            Guid.CreateVersion7(), account.Id, request.Name.Value!.Trim(), secret.Prefix, secret.Hash,
            [.. request.Scopes.Value!.Distinct().Order(StringComparer.Ordinal)], now, WireTime.Parse(request.ExpiresAt.Value) ?? now + UsualLife);

        return (
            TypedResults.Json(
                new NewApiKeyAnswer(
                    "Copy the secret now: it is not shown again.",
                    new NewApiKeyView(key.Id, key.Name, key.Prefix, key.Scopes, key.CreatedAt, key.ExpiresAt, null, secret.ToString())),
                statusCode: 201),
            new ApiKeyCreated(account.Id, key.Id, key.Scopes, key.ExpiresAt),
            MartenOps.Store(key));
    }
}
