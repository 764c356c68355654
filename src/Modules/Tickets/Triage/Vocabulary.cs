using System.Text.Json;

namespace TicMate.Tickets.Triage;

/// <summary>
/// The reviewed words of <c>vocabulary.json</c>: which words point at which skill or priority. What may stand there, and how
/// it is matched, the file says itself.
/// </summary>
public sealed record Vocabulary(
    IReadOnlyList<KnownSkill> Skills, IReadOnlyDictionary<string, IReadOnlyList<Phrase>> Priorities, IReadOnlyList<Phrase> Claims,
    IReadOnlySet<string> InstructionWords)
{
    /// <summary>The vocabulary this program was built with.</summary>
    public static Vocabulary Reviewed { get; } = Load();

    private static Vocabulary Load()
    {
        using var file = typeof(Vocabulary).Assembly.GetManifestResourceStream("triage-vocabulary.json")!;
        var json = JsonSerializer.Deserialize<Source>(file, JsonSerializerOptions.Web)!;
        return new(
            [.. json.Skills.Select(s => new KnownSkill(
                s.Name, (s.AlsoCalled ?? []).Append(s.Name).Select(Words.Fold).ToHashSet(), Phrases(s.Words), s.FirstSteps ?? []))],
            json.Priorities.ToDictionary(p => p.Key, p => Phrases(p.Value)),
            Phrases(json.Claims),
            json.InstructionWords.ToHashSet());
    }

    private static IReadOnlyList<Phrase> Phrases(string[] written) => [.. written.Select(Phrase.Pattern)];

    private sealed record Source(
        string[] Readme, SourceSkill[] Skills, Dictionary<string, string[]> Priorities, string[] Claims, string[] InstructionWords);

    private sealed record SourceSkill(string Name, string[]? AlsoCalled, string[] Words, string[]? FirstSteps);
}

/// <summary>A skill as the vocabulary knows it; <c>Names</c> are folded and hold everything staff may call it.</summary>
public sealed record KnownSkill(string Name, IReadOnlySet<string> Names, IReadOnlyList<Phrase> Words, string[] FirstSteps);

/// <summary>Where a phrase stands in a text: its first and last word.</summary>
public readonly record struct Found(int First, int Last);

/// <summary>Words to look for in a text, as whole words in one clause.</summary>
public sealed class Phrase
{
    private const int WidestGap = 3;

    // Names that are also everyday words count only as staff spell them: "it" is not the skill IT.
    private static readonly HashSet<string> EverydayWords =
        ["a", "am", "an", "as", "at", "be", "by", "c", "d", "do", "go", "he", "i", "if", "in", "is", "it", "j", "me", "my", "no", "of", "on",
         "or", "r", "rest", "so", "to", "up", "us", "we", "x"];

    private readonly Part[] _parts;

    private Phrase(Part[] parts) => _parts = parts;

    /// <summary>A skill's name, taken literally.</summary>
    public static Phrase Name(string name)
    {
        var words = Words.Of(name).ToArray();
        var exact = words.Length == 1 && EverydayWords.Contains(words[0].Folded);
        return new([.. words.Select(w => new Part(exact ? w.Written : w.Folded, false, exact, 0))]);
    }

    /// <summary>A phrase of the vocabulary file: "*" ends a word early, "..." lets up to three words stand between.</summary>
    public static Phrase Pattern(string pattern)
    {
        var parts = new List<Part>();
        var gap = 0;
        foreach (var piece in pattern.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (piece == "...")
            {
                gap = WidestGap;
                continue;
            }

            var words = Words.Of(piece.TrimEnd('*')).ToArray();
            for (var i = 0; i < words.Length; i++)
                parts.Add(new(words[i].Folded, piece.EndsWith('*') && i == words.Length - 1, false, i == 0 ? gap : 0));
            gap = 0;
        }

        return new([.. parts]);
    }

    /// <summary>Every place the phrase stands, in order.</summary>
    public IEnumerable<Found> In(IReadOnlyList<Word> text)
    {
        for (var first = 0; _parts.Length > 0 && first < text.Count; first++)
        {
            if (_parts[0].Fits(text[first]) && LastOf(text, first) is { } last)
                yield return new(first, last);
        }
    }

    private int? LastOf(IReadOnlyList<Word> text, int first)
    {
        var at = first;
        foreach (var part in _parts.Skip(1))
        {
            var next = Enumerable.Range(at + 1, part.Gap + 1)
                .FirstOrDefault(i => i < text.Count && text[i].Clause == text[first].Clause && part.Fits(text[i]), -1);
            if (next < 0)
                return null;
            at = next;
        }

        return at;
    }

    private readonly record struct Part(string Text, bool Prefix, bool Exact, int Gap)
    {
        public bool Fits(Word word) =>
            Exact ? word.Written == Text : Prefix ? word.Folded.StartsWith(Text, StringComparison.Ordinal) : word.Folded == Text;
    }
}
