using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Sessions;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Identity.ApiKeys;

public static class RevokeApiKeyEndpoint
{
    // After the account is held, so that a key is revoked once.
    public static Task<ApiKey?> LoadAsync(Guid keyId, User account, IQuerySession session, CancellationToken ct) =>
        session.Query<ApiKey>().SingleOrDefaultAsync(key => key.Id == keyId && key.UserId == account.Id, ct);

    public static ProblemDetails Validate(ApiKey? key) => key is null ? Refuse.NotFound("api-key") : WolverineContinue.NoProblems;

    [WolverineDelete("/api/auth/api-keys/{keyId}")]
    [ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(404)]
    public static (Answer, ApiKeyRevoked, DeleteDoc<ApiKey>) Delete(
        Guid keyId, [NotBody] ApiKey? key, [WriteModel(FromClaim = SessionClaims.UserId, LoadStyle = ModelConcurrencyStyle.Exclusive)] User account) =>
        (new Answer("The API key does not work any more."), new ApiKeyRevoked(account.Id, keyId), MartenOps.Delete(key!));
}
