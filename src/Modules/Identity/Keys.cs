using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using TicMate.Identity.Sessions;

namespace TicMate.Identity;

/// <summary>
/// A key of its own for every purpose, derived from the one secret (HKDF, RFC 5869), so that what was made for one purpose is worth
/// nothing for another.
/// </summary>
public sealed class Keys(IOptions<SignInOptions> options)
{
    /// <summary>The key that makes new things.</summary>
    public byte[] For(string purpose) => Derive(options.Value.Secret, purpose);

    /// <summary>Every key that may have made what is shown to us: the one in force first, then those of the previous secrets.</summary>
    public IEnumerable<byte[]> AllFor(string purpose) => options.Value.PreviousSecrets.Prepend(options.Value.Secret).Select(secret => Derive(secret, purpose));

    private static byte[] Derive(string secret, string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), 32, info: Encoding.UTF8.GetBytes($"ticmate {purpose}"));
}
