using System.Globalization;
using System.Text;

namespace TicMate.Tickets.Triage;

/// <summary>
/// One word of a text: where it stands, how it was written, how it compares, and in which clause it is.
/// "C#", "C++" and ".NET" are words; "Node.js", "e-mail" and "can't" are two each, in a text as in a skill's name.
/// </summary>
public readonly record struct Word(int Start, string Written, string Folded, int Clause);

/// <summary>Reading a text word by word.</summary>
public static class Words
{
    /// <summary>How two names compare: trimmed, one form of each letter, one blank between words, lower case.</summary>
    public static string Fold(string name) =>
        string.Join(' ', Readable(name).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant();

    /// <summary>The text in one form of each letter, without control characters and characters one cannot see.</summary>
    public static string Readable(string text)
    {
        // A lone half of a surrogate pair makes Normalize throw; a round trip replaces it.
        var whole = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Normalize(NormalizationForm.FormKC);
        var clean = new StringBuilder(whole.Length);
        foreach (var c in whole)
        {
            if (c is '\n' or '\t' || CharUnicodeInfo.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format))
                clean.Append(c == '’' ? '\'' : c);
            else if (c == '\r')
                clean.Append('\n');
        }

        return clean.ToString();
    }

    /// <summary>The words of a text, in order.</summary>
    public static IEnumerable<Word> Of(string text)
    {
        text = Readable(text);
        var clause = 0;
        for (var i = 0; i < text.Length;)
        {
            if (!StartsWord(text, i))
            {
                if (EndsClause(text, i))
                    clause++;
                i++;
                continue;
            }

            var start = i++;
            while (i < text.Length && IsLetter(text[i]))
                i++;
            if (i < text.Length && text[i] == '#' && !IsLetterAt(text, i + 1))
                i++;
            else if (i + 1 < text.Length && text[i] == '+' && text[i + 1] == '+')
                i += 2;
            var written = text[start..i];
            yield return new(start, written, written.ToLowerInvariant(), clause);
        }
    }

    private static bool StartsWord(string text, int i) =>
        IsLetter(text[i]) || (text[i] == '.' && i + 1 < text.Length && char.IsLetter(text[i + 1]) && !IsLetterAt(text, i - 1));

    private static bool EndsClause(string text, int i) =>
        text[i] is '\n' or '!' or '?' or ';' or ',' or '(' or ')' or '—' || (text[i] == '.' && !IsLetterAt(text, i + 1));

    private static bool IsLetterAt(string text, int i) => i >= 0 && i < text.Length && IsLetter(text[i]);

    private static bool IsLetter(char c) => char.IsLetterOrDigit(c) || c == '_' || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.NonSpacingMark;
}
