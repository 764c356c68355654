using Marten;
using Microsoft.Extensions.Options;
using TicMate.Identity.Profile;

namespace TicMate.Identity.Links;

/// <summary>A link as it goes into a mail, and the address that it goes to.</summary>
public sealed record AccountLink(string Url, string Email, int Generation);

/// <summary>Makes links. Only what mails them, and the command line, ever holds one.</summary>
public sealed class AccountLinks(IDocumentStore store, LinkTokens tokens, IOptions<AccountOptions> options, TimeProvider clock)
{
    /// <summary>A first link of its kind, which replaces an older one. Store it in the transaction that asks for it.</summary>
    public OneTimeToken Make(Guid userId, LinkPurpose purpose, Guid recordId, string email) => new()
    {
        UserId = userId, Purpose = purpose, RecordId = recordId, Generation = 1, Email = email, ExpiresAt = clock.GetUtcNow() + OneTimeToken.Life(purpose),
        Hash = LinkTokens.Hash(tokens.Derive(purpose, recordId, 1)),
    };

    /// <summary>A link to set the first password, for whoever cannot be mailed: an operator hands it over. It replaces an older one.</summary>
    public async Task<string> ForInvitationAsync(Guid userId, CancellationToken ct)
    {
        await using var session = store.LightweightSession();
        await session.LockMailsAsync(userId, ct);
        var person = await session.LoadAsync<PersonalData>(userId, ct) ?? throw new ArgumentException("There is no such account.", nameof(userId));
        var token = Make(userId, LinkPurpose.Invitation, Guid.CreateVersion7(), person.Email);
        session.Store(token);
        await session.SaveChangesAsync(ct);
        return UrlOf(token);
    }

    /// <summary>
    /// The link for a mail that is about to be sent; null when it was used or replaced, or when its address is no longer the account's.
    /// One that expired while the mail waited is renewed: nobody has it yet.
    /// </summary>
    public async Task<AccountLink?> ForMailAsync(Guid userId, LinkPurpose purpose, Guid recordId, CancellationToken ct)
    {
        await using var session = store.LightweightSession();
        await session.LockMailsAsync(userId, ct);
        var token = await session.LoadAsync<OneTimeToken>(OneTimeToken.Key(userId, purpose), ct);
        var person = await session.LoadAsync<PersonalData>(userId, ct);
        if (person is null || token is null || token.RecordId != recordId || !token.IsFor(person))
            return null;

        // Under another secret than it was made with, nobody could use it either.
        if (token.ExpiresAt <= clock.GetUtcNow() || token.Hash != LinkTokens.Hash(Derive(token)))
        {
            token = token with { Generation = token.Generation + 1, ExpiresAt = clock.GetUtcNow() + OneTimeToken.Life(purpose) };
            token = token with { Hash = LinkTokens.Hash(Derive(token)) };
            session.Store(token);
            await session.SaveChangesAsync(ct);
        }

        return new AccountLink(UrlOf(token), token.Email, token.Generation);
    }

    private string Derive(OneTimeToken token) => tokens.Derive(token.Purpose, token.RecordId, token.Generation);

    private string UrlOf(OneTimeToken token) =>
        (token.Purpose is LinkPurpose.VerifyEmail or LinkPurpose.ChangeEmail ? options.Value.VerifyUrl : options.Value.ResetUrl) + Derive(token);
}

public static class MailLock
{
    /// <summary>One at a time decides about an account's links and mails, or a burst of requests would send more than it may.</summary>
    public static async Task LockMailsAsync(this IDocumentSession session, Guid userId, CancellationToken ct)
    {
        await session.BeginTransactionAsync(ct);
        await session.QueryAsync<int>("select 1 from (select pg_advisory_xact_lock(hashtextextended(?, 22))) locked", ct, userId.ToString());
    }
}
