namespace TicMate.Tickets.Triage;

/// <summary>
/// A skill the ticket needs: the words that say so, where the first of them stands, and how sure solved tickets are of it,
/// if they said anything.
/// </summary>
public sealed record FoundSkill(string Skill, IReadOnlyList<string> Words, int Position, double? Confidence);

/// <summary>Finds skills in a ticket's words: by their own name, by the vocabulary, and by what solved tickets taught.</summary>
public static class SkillWords
{
    /// <summary>
    /// Skills of this installation only, in its spelling, by first occurrence in the text; those that only history names
    /// follow, the surest first.
    /// </summary>
    public static IReadOnlyList<FoundSkill> Find(IReadOnlyList<Word> words, string text, Installation installation)
    {
        var learned = installation.Learned is { } history
            ? history.Predict(text).Where(p => p.Confidence >= history.Threshold).ToDictionary(p => Words.Fold(p.Skill), p => p.Confidence)
            : [];
        return [.. Known(installation)
            .Select(skill => Look(words, text, skill) with { Confidence = learned.TryGetValue(Words.Fold(skill), out var sure) ? sure : null })
            .Where(f => f.Words.Count > 0 || f.Confidence is not null)
            .OrderBy(f => f.Position).ThenByDescending(f => f.Confidence ?? 0).ThenBy(f => f.Skill, StringComparer.Ordinal)
            .Take(Limits.Skills)];
    }

    /// <summary>Skills the words point at that neither staff nor history know here.</summary>
    public static IReadOnlyList<string> Unknown(IReadOnlyList<Word> words, Installation installation)
    {
        var known = Known(installation).Select(Words.Fold).ToHashSet();
        return [.. Vocabulary.Reviewed.Skills
            .Where(s => !s.Names.Overlaps(known))
            .Select(s => (s.Name, At: s.Words.Append(Phrase.Name(s.Name)).SelectMany(p => p.In(words)).Select(f => f.First).DefaultIfEmpty(-1).Min()))
            .Where(s => s.At >= 0).OrderBy(s => s.At).ThenBy(s => s.Name, StringComparer.Ordinal)
            .Select(s => s.Name).Take(5)];
    }

    /// <summary>Every skill that may be given here, as this installation spells it.</summary>
    public static IReadOnlyList<string> Known(Installation installation) =>
        [.. installation.StaffSkills.Concat(installation.Learned?.Skills ?? [])
            .Select(s => s.Trim()).Where(s => s.Length is > 0 and <= Limits.Skill && !s.Any(char.IsControl)).DistinctBy(Words.Fold)];

    /// <summary>What the vocabulary says of a skill, whatever staff call it.</summary>
    public static KnownSkill? Entry(string skill) => Vocabulary.Reviewed.Skills.FirstOrDefault(s => s.Names.Contains(Words.Fold(skill)));

    /// <summary>The words of the ticket themselves, short enough to quote.</summary>
    public static string Quote(IReadOnlyList<Word> words, string text, Found found) =>
        Limits.Cut(text[words[found.First].Start..(words[found.Last].Start + words[found.Last].Written.Length)], 60).Replace('`', '\'').Replace('\n', ' ');

    private static FoundSkill Look(IReadOnlyList<Word> words, string text, string skill)
    {
        var places = (Entry(skill)?.Words ?? []).Append(Phrase.Name(skill)).SelectMany(p => p.In(words)).OrderBy(f => f.First).ToArray();
        return new(
            skill, [.. places.Select(f => Quote(words, text, f)).Distinct(StringComparer.OrdinalIgnoreCase)],
            places.Length > 0 ? places[0].First : int.MaxValue, null);
    }
}
