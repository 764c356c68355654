namespace TicMate.Tickets.Triage;

/// <summary>A priority, how sure that is, the sentence that says which words it rests on, and the words.</summary>
public sealed record PriorityReading(string Level, double Confidence, string Reason, string[] Quotes)
{
    /// <summary>The ticket names a priority for itself, which counts for nothing.</summary>
    public bool IsAskedFor { get; init; }
}

/// <summary>Reads a priority from what a ticket says is broken, not from what it asks to be told.</summary>
public static class PriorityWords
{
    // Judgements, not measurements: words that say it plainly, words that contradict each other, no words at all.
    private const double Sure = 0.8, Torn = 0.6, Guessed = 0.3;

    private static readonly HashSet<string> Negations =
        ["not", "no", "never", "without", "isn", "aren", "wasn", "weren", "don", "doesn", "didn", "hardly", "neither", "nor"];

    private static readonly HashSet<string> Turns = ["but", "because", "since", "and", "or", "so", "then", "when", "after", "as"];

    public static PriorityReading Read(IReadOnlyList<Word> words, string text)
    {
        var vocabulary = Vocabulary.Reviewed;
        var urgent = Said(vocabulary.Priorities["urgent"], words, text);
        var high = Said(vocabulary.Priorities["high"], words, text);
        var low = Said(vocabulary.Priorities["low"], words, text);
        var claimed = vocabulary.Claims.SelectMany(p => p.In(words)).Where(f => !Negated(words, f)).ToArray();
        var (instructed, meant) = (claimed.Where(f => Instructs(words, f)).ToArray(), claimed.Where(f => !Instructs(words, f)).ToArray());
        if (meant.Length > 0)
            high = [.. high, .. meant.Select(f => SkillWords.Quote(words, text, f)).Distinct()];

        var reading = (urgent.Length > 0, high.Length > 0, low.Length > 0) switch
        {
            (true, _, false) => new PriorityReading("urgent", Sure, $"The ticket says {Listed(urgent)}.", urgent),
            (true, _, true) => new("high", Torn, $"The ticket says {Listed(urgent)}, but also {Listed(low)}.", [.. urgent, .. low]),
            (false, true, false) => new("high", Sure, $"The ticket says {Listed(high)}.", high),
            (false, true, true) => new("medium", Torn, $"The words point both ways: {Listed(high)}, but also {Listed(low)}.", [.. high, .. low]),
            (false, false, true) => new("low", Sure, $"The ticket says {Listed(low)}.", low),
            _ => new("medium", Guessed, "Unknown: no word of the ticket says how urgent it is, so it is taken as medium.", []),
        };
        return instructed.Length == 0 ? reading
            : reading with { Reason = $"{reading.Reason} The ticket asks for a priority itself; that does not count.", IsAskedFor = true };
    }

    private static string[] Said(IReadOnlyList<Phrase> phrases, IReadOnlyList<Word> words, string text) =>
        [.. phrases.SelectMany(p => p.In(words)).Where(f => !Negated(words, f)).OrderBy(f => f.First)
            .Select(f => SkillWords.Quote(words, text, f)).Distinct(StringComparer.OrdinalIgnoreCase)];

    private static bool Negated(IReadOnlyList<Word> words, Found found)
    {
        for (var i = found.First - 1; i >= 0 && i >= found.First - 3 && words[i].Clause == words[found.First].Clause; i--)
        {
            if (Turns.Contains(words[i].Folded))
                return false;
            if (Negations.Contains(words[i].Folded))
                return true;
        }

        return false;
    }

    // "Set the priority to urgent", "severity: critical", "urgent priority": told, not described.
    private static bool Instructs(IReadOnlyList<Word> words, Found found) =>
        Enumerable.Range(found.First - 4, 4).Concat(Enumerable.Range(found.Last + 1, 2))
            .Any(i => i >= 0 && i < words.Count && Vocabulary.Reviewed.InstructionWords.Contains(words[i].Folded));

    private static string Listed(IEnumerable<string> words) => string.Join(", ", words.Take(4).Select(w => $"`{w}`"));
}
