using Marten;
using Npgsql;
using TicMate.Identity.Contracts;
using TicMate.Identity.Profile;

namespace TicMate.Identity.Links;

/// <summary>What a link is good for. Stored, and part of what a token is derived from: never rename.</summary>
public enum LinkPurpose { VerifyEmail, ChangeEmail, ResetPassword, Invitation }

/// <summary>A link that somebody may use once. One row for each person and purpose, so that a new link replaces the older one.</summary>
public sealed record OneTimeToken
{
    public string Id { get => Key(UserId, Purpose); init { } }
    public required Guid UserId { get; init; }
    public required LinkPurpose Purpose { get; init; }

    /// <summary>With the generation, what the token is derived from.</summary>
    public required Guid RecordId { get; init; }
    public int Generation { get; init; }

    public required string Hash { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Where the link is mailed to: the address that its use proves.</summary>
    public required string Email { get; init; }

    public static string Key(Guid userId, LinkPurpose purpose) => $"{purpose}.{userId:N}";

    public static TimeSpan Life(LinkPurpose purpose) => purpose switch
    {
        LinkPurpose.ResetPassword => TimeSpan.FromMinutes(30),
        LinkPurpose.Invitation => TimeSpan.FromDays(7),
        _ => TimeSpan.FromHours(24),
    };

    /// <summary>Whether the address is still the one in question; a link to another proves nothing any more.</summary>
    public bool IsFor(PersonalData person) =>
        PersonalData.Key(Email) == PersonalData.Key(Purpose is LinkPurpose.ChangeEmail ? person.PendingEmail : person.Email);
}

/// <summary>How links are looked up and used up.</summary>
public static class OneTimeTokens
{
    public static ProblemDetails Invalid() =>
        Refuse.With(400, "invalid-token", "This link is not valid: it was used, it has expired, or a newer one replaced it.");

    public static Task<OneTimeToken?> FindTokenAsync(
        this IQuerySession session, string token, DateTimeOffset now, CancellationToken ct, params LinkPurpose[] purposes)
    {
        var hash = LinkTokens.Hash(token);
        return session.Query<OneTimeToken>()
            .Where(t => t.Hash == hash && t.ExpiresAt > now && t.Purpose.IsOneOf(purposes)).SingleOrDefaultAsync(ct);
    }

    /// <summary>
    /// Uses the token up in this session's transaction; null when there is none or another request was first. One statement: whoever
    /// comes second waits for the first to end and then finds nothing.
    /// </summary>
    public static async Task<OneTimeToken?> UseTokenAsync(
        this IDocumentSession session, string token, DateTimeOffset now, CancellationToken ct, params LinkPurpose[] purposes)
    {
        await session.BeginTransactionAsync(ct);
        var table = session.DocumentStore.Options.Schema.For<OneTimeToken>();
        await using var command = new NpgsqlCommand(
            $"delete from {table} where hash = $1 and expires_at > $2 and purpose = any($3) returning data")
        {
            Parameters =
            {
                new() { Value = LinkTokens.Hash(token) }, new() { Value = now.ToUniversalTime() },
                new() { Value = purposes.Select(p => p.ToString()).ToArray() },
            },
        };
        await using var reader = await session.ExecuteReaderAsync(command, ct);
        return await reader.ReadAsync(ct) ? await session.DocumentStore.Options.Serializer().FromJsonAsync<OneTimeToken>(reader, 0, ct) : null;
    }
}
