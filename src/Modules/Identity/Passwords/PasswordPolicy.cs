using System.Text;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Passwords;

/// <summary>What a new password must be. Lengths count Unicode code points.</summary>
public static class PasswordPolicy
{
    private const int Shortest = 8, Longest = 128;

    public static Faults NewPassword(this Faults faults, string field, Field<string> given)
    {
        if (given.IsMalformed || string.IsNullOrEmpty(given.Value))
            return faults.Add(field, given.IsMalformed ? "The password must be a text." : "A password is required.");

        var runes = given.Value.EnumerateRunes().ToArray();
        string?[] missing =
        [
            runes.Length is >= Shortest and <= Longest ? null : $"{Shortest} to {Longest} characters",
            runes.Any(Rune.IsUpper) ? null : "an upper-case letter",
            runes.Any(Rune.IsLower) ? null : "a lower-case letter",
            runes.Any(Rune.IsDigit) ? null : "a digit",
            runes.Any(r => !Rune.IsLetterOrDigit(r)) ? null : "a symbol",
            runes.Any(r => r.Value is 0 or '\r' or '\n') ? "no line breaks" : null,
        ];

        return missing.Any(m => m is not null)
            ? faults.Add(field, $"The password needs {string.Join(", ", missing.Where(m => m is not null))}.")
            : faults;
    }
}
