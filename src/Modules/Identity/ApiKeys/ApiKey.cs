using System.Security.Cryptography;
using System.Text;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.ApiKeys;

/// <summary>A key with which a program of someone's calls. The secret itself is nowhere but with its owner.</summary>
public sealed record ApiKey(
    Guid Id, Guid UserId, string Name, string Prefix, byte[] SecretHash, string[] Scopes, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt)
{
    public bool IsOf(ApiKeySecret secret) => CryptographicOperations.FixedTimeEquals(SecretHash, secret.Hash);
}

/// <summary>
/// <c>tic_</c>, a prefix by which people and secret scanners recognise a key, and 256 random bits. So many that a plain hash keeps them:
/// there is no guessing as with a password.
/// </summary>
public sealed record ApiKeySecret(string Prefix, string Secret)
{
    public const string Start = "tic_";
    private const int PrefixLength = 10, SecretLength = 64;

    public override string ToString() => $"{Start}{Prefix}_{Secret}";

    public byte[] Hash => SHA256.HashData(Encoding.ASCII.GetBytes(ToString()));

    public static ApiKeySecret New() =>
        new(RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz234567", PrefixLength), RandomNumberGenerator.GetHexString(SecretLength, lowercase: true));

    /// <summary>Null for a text of any other form, so that it needs no look-up.</summary>
    public static ApiKeySecret? Read(string text) =>
        text.Length == Start.Length + PrefixLength + 1 + SecretLength && text.StartsWith(Start, StringComparison.Ordinal) && text[Start.Length + PrefixLength] == '_'
        && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_')
            ? new ApiKeySecret(text.Substring(Start.Length, PrefixLength), text[^SecretLength..]) : null;
}

/// <param name="LastUsedAt">To the minute.</param>
public record ApiKeyView(Guid Id, string Name, string Prefix, string[] Scopes, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? LastUsedAt);
