using TicMate.Tickets.Searching;

namespace TicMate.Tickets.Similar;

/// <summary>A word of a text as the database knows it, and whether it is in the title.</summary>
public sealed record Stem(string Lexeme, bool IsTitled);

/// <summary>The words that tell what a text is about: its rarest.</summary>
/// <param name="Weights">How much each of them tells.</param>
/// <param name="Few">A query that finds a limited number of tickets; null when even the rarest word is everywhere.</param>
public sealed record TellingWords(string[] Lexemes, double[] Weights, string? Few)
{
    public const int Most = 24, MostMatches = 1_000, MostRead = 20_000;

    private const double Everywhere = 0.95, OfTitles = 1.5;

    public string[] Queries => [.. Lexemes.Select(Quoted)];

    /// <summary>A query that finds what has any of them.</summary>
    public string Any => string.Join(" | ", Queries);

    public static TellingWords Choose(IEnumerable<Stem> stems, WordStatistics words)
    {
        var rarest = stems.Select(stem => (stem.Lexeme, stem.IsTitled, Share: Math.Min(words.ShareOf(stem.Lexeme), Everywhere)))
            .OrderBy(word => word.Share).ThenByDescending(word => word.IsTitled).ThenByDescending(word => word.Lexeme.Length).ThenBy(word => word.Lexeme, StringComparer.Ordinal)
            .Take(Most).ToArray();
        return new([.. rarest.Select(word => word.Lexeme)], [.. rarest.Select(word => Math.Log(1 / word.Share) * (word.IsTitled ? OfTitles : 1))],
            Query([.. rarest.Select(word => (Quoted(word.Lexeme), word.Share * words.Tickets))]));
    }

    // Of words that few tickets have, any will do; of commoner ones, the rarest together with another.
    private static string? Query((string Word, double Tickets)[] rarest)
    {
        if (rarest is not [var first, ..] || first.Tickets > MostRead)
            return null;

        var others = rarest[1..].Take(1).Concat(UpTo(MostRead).Skip(2)).ToArray();
        return first.Tickets > MostMatches && others.Length > 0 ? $"{first.Word} & ({Or(others)})" : Or([first, .. UpTo(MostMatches).Skip(1)]);

        IEnumerable<(string Word, double Tickets)> UpTo(double most)
        {
            var sum = 0.0;
            return rarest.TakeWhile(word => (sum += word.Tickets) <= most);
        }
    }

    private static string Or(IEnumerable<(string Word, double Tickets)> words) => string.Join(" | ", words.Select(word => word.Word));

    private static string Quoted(string lexeme) => $"'{lexeme.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";
}
