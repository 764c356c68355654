using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using TicMate.Identity.Sessions;

namespace TicMate.Identity.Links;

/// <summary>
/// The tokens themselves: derived when needed and kept nowhere, so that neither tables nor queues hold one, and a mail that is sent
/// twice carries the same link.
/// </summary>
public sealed class LinkTokens(IOptions<SignInOptions> options)
{
    private const int Length = 43;

    private readonly byte[] key =
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(options.Value.Secret), 32, info: "ticmate one-time link"u8.ToArray());

    public string Derive(LinkPurpose purpose, Guid recordId, int generation) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(FormattableString.Invariant($"{purpose}.{recordId:N}.{generation}"))));

    /// <summary>What is kept of a token.</summary>
    public static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    /// <summary>Whether the text could be a token at all; what could not is never looked up.</summary>
    public static bool IsWellFormed(string? text) => text is { Length: Length } && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
