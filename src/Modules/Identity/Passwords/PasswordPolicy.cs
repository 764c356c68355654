using System.Text;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Passwords;

/// <summary>What a new password must be. It is looked at as it is hashed, in NFKC; lengths count Unicode code points.</summary>
public static class PasswordPolicy
{
    private const int Shortest = 8, Longest = 128, LongestInBytes = 512;

    // Parts of a name or an address that are shorter turn up in good passwords by chance.
    private const int ShortestWord = 4;

    // What is left when runs and repetitions count as the one choice that they are.
    private const int FewestChoices = 6;

    // A name, a year's last digits, an exclamation mark: what nearly everybody appends.
    private const int LongestTail = 3;

    private const string Product = "ticmate";
    private static readonly string[] Rows = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop", "1234567890", "!@#$%^&*()"];

    /// <param name="faults">Gets one message with everything that is wrong.</param>
    /// <param name="field">The member of the request.</param>
    /// <param name="given">The password.</param>
    /// <param name="owner">What others know of its owner: name and address.</param>
    public static Faults NewPassword(this Faults faults, string field, Field<string> given, params ReadOnlySpan<string?> owner)
    {
        if (given.IsMalformed || string.IsNullOrEmpty(given.Value))
            return faults.Add(field, given.IsMalformed ? "The password must be a text." : "A password is required.");

        if (PasswordText.Normal(given.Value) is not { } password)
            return faults.Add(field, "The password has characters that are none.");

        var runes = password.EnumerateRunes().ToArray();
        var folded = password.ToLowerInvariant();
        string?[] needed =
        [
            runes.Length is >= Shortest and <= Longest && Encoding.UTF8.GetByteCount(password) <= LongestInBytes ? null : $"{Shortest} to {Longest} characters",
            runes.Any(Rune.IsUpper) ? null : "an upper-case letter",
            runes.Any(Rune.IsLower) ? null : "a lower-case letter",
            runes.Any(Rune.IsDigit) ? null : "a digit",
            runes.Any(r => !Rune.IsLetterOrDigit(r)) ? null : "a symbol",
            runes.Any(r => r.Value is 0 or '\r' or '\n') ? "no line breaks" : null,
        ];
        string?[] tooEasy =
        [
            IsCommon(folded) ? "it is one of the most common" : null,
            Choices(folded) < FewestChoices ? "it is mostly a repetition or a sequence" : null,
            IsAbout(folded, owner) ? "it has your name, your address or the name of this service in it" : null,
        ];

        var sentences = new List<string>();
        if (needed.Any(n => n is not null))
            sentences.Add($"The password needs {string.Join(", ", needed.Where(n => n is not null))}.");
        if (tooEasy.Any(e => e is not null))
            sentences.Add($"The password is too easy to guess: {string.Join(", and ", tooEasy.Where(e => e is not null))}.");

        return sentences.Count > 0 ? faults.Add(field, string.Join(" ", sentences)) : faults;
    }

    private static bool IsCommon(string folded)
    {
        var end = folded.Length;
        while (end > 0 && !char.IsLetterOrDigit(folded[end - 1]))
            end--;

        var word = end;
        while (word > 0 && !char.IsLetter(folded[word - 1]))
            word--;

        return CommonPasswords.Contains(folded) || CommonPasswords.Contains(folded[..end])
            || (folded.Length - word <= LongestTail && word >= ShortestWord && CommonPasswords.Contains(folded[..word]));
    }

    private static int Choices(string folded)
    {
        var period = 1;
        while (period < folded.Length && !folded.AsSpan(period).SequenceEqual(folded.AsSpan(0, folded.Length - period)))
            period++;

        var text = folded[..period];
        var (choices, inRun) = (0, false);
        for (var i = 0; i < text.Length; i++)
        {
            var goesOn = i >= 2 && IsRun(text[i - 2], text[i - 1], text[i]);
            choices += !goesOn ? 1 : inRun ? 0 : -1;
            inRun = goesOn;
        }

        return choices;
    }

    // Equal characters, neighbours in the alphabet, neighbours on a keyboard.
    private static bool IsRun(char a, char b, char c) =>
        (b - a == c - b && Math.Abs(c - b) <= 1)
        || Rows.Any(row => row.IndexOf(a, StringComparison.Ordinal) is var i and >= 0
            && ((i + 2 < row.Length && row[i + 1] == b && row[i + 2] == c) || (i >= 2 && row[i - 1] == b && row[i - 2] == c)));

    private static bool IsAbout(string folded, ReadOnlySpan<string?> owner)
    {
        if (folded.Contains(Product, StringComparison.Ordinal))
            return true;

        foreach (var known in owner)
        {
            var text = (PasswordText.Normal(known ?? "") ?? "").ToLowerInvariant();
            var words = Words(text);
            if (words.Append(string.Concat(words)).Append(text).Any(word => word.Length >= ShortestWord && folded.Contains(word, StringComparison.Ordinal)))
                return true;
        }

        return false;
    }

    // The last label of an address is everybody's, not its owner's.
    private static string[] Words(string text)
    {
        var address = text.Contains('@', StringComparison.Ordinal) && text.LastIndexOf('.') is var dot and > 0 ? text[..dot] : text;
        return new string([.. address.Select(c => char.IsLetterOrDigit(c) ? c : ' ')]).Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }
}
