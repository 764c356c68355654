using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Konscious.Security.Cryptography;

namespace TicMate.Identity.Passwords;

/// <summary>Cost of an Argon2id hash (RFC 9106): memory in KiB, passes, lanes.</summary>
public sealed record Argon2Cost(int Memory, int Iterations, int Parallelism)
{
    /// <summary>OWASP Password Storage Cheat Sheet: m=19 MiB, t=2, p=1.</summary>
    public static readonly Argon2Cost Owasp = new(19_456, 2, 1);

    // A stored hash with a larger cost than this would be a way to exhaust the machine.
    public bool IsBearable => Memory is >= 8 and <= 262_144 && Iterations is >= 1 and <= 10 && Parallelism is >= 1 and <= 8;
}

/// <summary>Argon2id as a PHC string, <c>$argon2id$v=19$m=…,t=…,p=…$salt$hash</c>.</summary>
public static partial class Argon2Hash
{
    private const int SaltBytes = 16, TagBytes = 32;

    public static string Of(string password, Argon2Cost cost)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return string.Create(CultureInfo.InvariantCulture,
            $"$argon2id$v=19$m={cost.Memory},t={cost.Iterations},p={cost.Parallelism}${Encode(salt)}${Encode(Compute(password, salt, cost, TagBytes))}");
    }

    /// <summary>Whether the password fits, compared in constant time; a text that is no bearable PHC string fits nothing.</summary>
    public static bool Matches(string password, string phc)
    {
        if (Parse(phc) is not var (cost, salt, tag) || !cost.IsBearable)
            return false;

        return CryptographicOperations.FixedTimeEquals(Compute(password, salt, cost, tag.Length), tag);
    }

    /// <summary>Made with another cost than today's, so to be made again when the password is next known.</summary>
    public static bool IsOutdated(string phc, Argon2Cost cost) => Parse(phc) is not var (made, _, _) || made != cost;

    private static (Argon2Cost Cost, byte[] Salt, byte[] Tag)? Parse(string phc)
    {
        if (Phc().Match(phc) is not { Success: true } m)
            return null;

        int Number(string group) => int.Parse(m.Groups[group].ValueSpan, CultureInfo.InvariantCulture);
        return (new Argon2Cost(Number("m"), Number("t"), Number("p")), Decode(m.Groups["salt"].Value), Decode(m.Groups["tag"].Value));
    }

    private static byte[] Compute(string password, byte[] salt, Argon2Cost cost, int length)
    {
        using var argon2 = new Argon2id(Encoding.UTF8.GetBytes(PasswordText.Normal(password) ?? password))
        {
            Salt = salt, MemorySize = cost.Memory, Iterations = cost.Iterations, DegreeOfParallelism = cost.Parallelism,
        };
        return argon2.GetBytes(length);
    }

    private static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');
    private static byte[] Decode(string text) => Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='));

    [GeneratedRegex(@"\A\$argon2id\$v=19\$m=(?<m>\d{1,7}),t=(?<t>\d{1,3}),p=(?<p>\d{1,3})\$(?<salt>(?:[A-Za-z0-9+/]{4}){2,16}[A-Za-z0-9+/]{0,3})\$(?<tag>(?:[A-Za-z0-9+/]{4}){4,21}[A-Za-z0-9+/]{0,3})\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Phc();
}
