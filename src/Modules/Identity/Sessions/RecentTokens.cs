namespace TicMate.Identity.Sessions;

/// <summary>What a genuine token says. The times are UTC.</summary>
public sealed record VerifiedToken(Guid UserId, Guid SessionId, DateTime IssuedAt, DateTime ValidFrom, DateTime ValidTo);

/// <summary>Tokens that were found genuine lately, so that their signature is worked out once and not for each request.</summary>
public sealed class RecentTokens(int most)
{
    private readonly Lock gate = new();
    private readonly Recent<string, VerifiedToken> tokens = new(most);

    public VerifiedToken? Find(string token)
    {
        lock (gate)
            return tokens.Find(token);
    }

    public void Put(string token, VerifiedToken what)
    {
        lock (gate)
            tokens.Put(token, what);
    }
}
