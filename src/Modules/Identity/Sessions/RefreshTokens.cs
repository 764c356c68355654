using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace TicMate.Identity.Sessions;

/// <summary>
/// Refresh tokens are derived, not stored: session, generation and an HMAC over both. The database knows only which generation is the
/// newest, so reading it gives nobody a token, and the same successor can be given twice.
/// </summary>
public sealed class RefreshTokens(Keys keys)
{
    private const string Purpose = "refresh token";
    private const int Named = 20, Whole = Named + HMACSHA256.HashSizeInBytes;

    public string For(Guid sessionId, int generation)
    {
        var token = new byte[Whole];
        sessionId.TryWriteBytes(token, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(token.AsSpan(16), generation);
        HMACSHA256.HashData(keys.For(Purpose), token.AsSpan(0, Named), token.AsSpan(Named));
        return Base64Url.EncodeToString(token);
    }

    /// <summary>What a token of ours stands for; null for any other text.</summary>
    public RefreshToken? Read(string? text)
    {
        var token = new byte[Whole];
        if (text is null || text.Length != Base64Url.GetEncodedLength(Whole) || !Base64Url.IsValid(text) || !Base64Url.TryDecodeFromChars(text, token, out var length) || length != Whole)
            return null;

        return keys.AllFor(Purpose).Any(key => CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(key, token.AsSpan(0, Named)), token.AsSpan(Named)))
            ? new RefreshToken(new Guid(token.AsSpan(0, 16), bigEndian: true), BinaryPrimitives.ReadInt32BigEndian(token.AsSpan(16)))
            : null;
    }
}

public sealed record RefreshToken(Guid SessionId, int Generation);

/// <summary>The newest refresh token of a session: the only one that is good. Kept from the first refresh on.</summary>
public sealed record RefreshHead(Guid Id, int Generation, DateTimeOffset IssuedAt)
{
    private static readonly TimeSpan LostAnswer = TimeSpan.FromSeconds(10);

    public static RefreshHead Of(Session session) => new(session.Id, 1, session.StartedAt);

    public bool IsThis(RefreshToken token) => token.Generation == Generation;

    /// <summary>The one before, a moment ago: its answer was lost, or two requests crossed. Nobody has used its successor yet.</summary>
    public bool FollowedJustNow(RefreshToken token, DateTimeOffset now) => token.Generation == Generation - 1 && now - IssuedAt <= LostAnswer;

    public RefreshHead Next(DateTimeOffset now) => this with { Generation = Generation + 1, IssuedAt = now };
}
