using Marten;

namespace TicMate.Identity.Profile;

/// <summary>Who a person is: the personal data of an account, outside the event streams so that it can be forgotten.</summary>
public sealed record PersonalData
{
    public Guid Id { get; init; }
    public required string Name { get; init; }
    public required string Email { get; init; }
    public DateTimeOffset? LastSignInAt { get; init; }

    /// <summary>The address that becomes <see cref="Email"/> once it is confirmed. It may be somebody else's, in which case it never is.</summary>
    public string? PendingEmail { get; init; }
    public DateTimeOffset? PendingEmailUntil { get; init; }

    /// <summary>The address by which the account is found: unique, in lower case.</summary>
    public string EmailKey { get => Key(Email); init { } }

    public static string Key(string? email) => (email ?? "").Trim().ToLowerInvariant();
}

/// <summary>How an account is found by its address.</summary>
public static class Addresses
{
    public static Task<PersonalData?> FindByEmailAsync(this IQuerySession session, string? email, CancellationToken ct)
    {
        var key = PersonalData.Key(email);
        return session.Query<PersonalData>().Where(p => p.EmailKey == key).SingleOrDefaultAsync(ct);
    }

    /// <summary>
    /// Who has the address now; nobody else can take it until this session's transaction ends. Without the lock, the loser of two
    /// registrations at once would meet the unique index instead of an answer.
    /// </summary>
    public static async Task<PersonalData?> ReserveEmailAsync(this IDocumentSession session, string email, CancellationToken ct)
    {
        await session.BeginTransactionAsync(ct);
        await session.QueryAsync<int>("select 1 from (select pg_advisory_xact_lock(hashtextextended(?, 20))) locked", ct, PersonalData.Key(email));
        return await session.FindByEmailAsync(email, ct);
    }
}
