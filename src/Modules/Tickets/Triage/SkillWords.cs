namespace TicMate.Tickets.Triage;

/// <summary>A skill the ticket needs: the words that say so, where the first of them stands, and how sure that is.</summary>
/// <param name="History">How sure solved tickets are of it, where they are worth asking.</param>
public sealed record FoundSkill(string Skill, IReadOnlyList<string> Words, int Position, double Confidence, double? History);

/// <summary>Finds skills in a ticket's words: by their own name, by the vocabulary, and by what solved tickets taught.</summary>
public static class SkillWords
{
    /// <summary>
    /// Skills of this installation only, in its spelling. What history is sure of comes first, the surest first; then what words say, by how
    /// often such words were right here and where they stand. Where history is sure of nothing, its best guess still leads if it is likelier
    /// than the words.
    /// </summary>
    public static IReadOnlyList<FoundSkill> Find(IReadOnlyList<Word> words, string text, Installation installation)
    {
        // Above 1 the threshold says that history could not be trusted with anything.
        var history = installation.Learned?.Skills is { Threshold: <= 1 } classifier ? classifier : null;
        var guesses = history?.Predict(text) ?? [];
        var chance = guesses.ToDictionary(g => Words.Fold(g.Label), g => g.Confidence);
        var all = Known(installation).Select(skill => Look(words, text, skill, installation.Learned, chance)).ToArray();
        var sure = all.Where(f => f.History >= history?.Threshold).Select(f => f with { Confidence = f.History!.Value }).ToArray();
        var said = all.Where(f => f.Words.Count > 0 && !sure.Any(s => s.Skill == f.Skill)).ToArray();

        if (sure.Length == 0 && guesses is [var best, ..] && said.All(f => f.Confidence < best.Confidence) && all.FirstOrDefault(f => Is(f, best)) is { } guess)
        {
            sure = [guess with { Confidence = best.Confidence }];
            said = [.. said.Where(f => !Is(f, best))];
        }

        return [.. InOrder(sure).Concat(InOrder(said)).Take(Limits.Skills)];

        static bool Is(FoundSkill found, Guess guess) => Words.Fold(found.Skill) == Words.Fold(guess.Label);
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
        [.. installation.StaffSkills.Concat(installation.Learned?.Skills?.Labels ?? [])
            .Select(s => s.Trim()).Where(s => s.Length is > 0 and <= Limits.Skill && !s.Any(char.IsControl)).DistinctBy(Words.Fold)];

    /// <summary>What the vocabulary says of a skill, whatever staff call it.</summary>
    public static KnownSkill? Entry(string skill) => Vocabulary.Reviewed.Skills.FirstOrDefault(s => s.Names.Contains(Words.Fold(skill)));

    /// <summary>What a text says when it speaks of the skill: its name, and the vocabulary's words for it.</summary>
    public static IEnumerable<Phrase> Phrases(string skill) => (Entry(skill)?.Words ?? []).Append(Phrase.Name(skill));

    /// <summary>The words of the ticket themselves, short enough to quote.</summary>
    public static string Quote(IReadOnlyList<Word> words, string text, Found found) =>
        Limits.Cut(text[words[found.First].Start..(words[found.Last].Start + words[found.Last].Written.Length)], 60).Replace('`', '\'').Replace('\n', ' ');

    private static IEnumerable<FoundSkill> InOrder(IEnumerable<FoundSkill> skills) =>
        skills.OrderByDescending(f => f.Confidence).ThenBy(f => f.Position).ThenBy(f => f.Skill, StringComparer.Ordinal);

    private static FoundSkill Look(IReadOnlyList<Word> words, string text, string skill, Lessons? learned, Dictionary<string, double> chance)
    {
        var places = Phrases(skill).SelectMany(p => p.In(words)).OrderBy(f => f.First).ToArray();
        return new(
            skill, [.. places.Select(f => Quote(words, text, f)).Distinct(StringComparer.OrdinalIgnoreCase)],
            places.Length > 0 ? places[0].First : int.MaxValue, Lessons.SureOfWords(learned, skill),
            chance.TryGetValue(Words.Fold(skill), out var sure) ? sure : null);
    }
}
