namespace TicMate.Tickets.Triage;

/// <summary>A ticket that was solved, and the skills of whoever solved it or the ones a person set on it.</summary>
public sealed record SolvedTicket(string Text, string[] Skills);

/// <summary>A skill that solved tickets with like words needed, and how sure that is, from 0 to 1.</summary>
public sealed record LearnedSkill(string Skill, double Confidence);

/// <summary>
/// What solved tickets taught about which words need which skill. Immutable once trained, safe to share between threads.
/// Its parameters (pairs of words or not, strength of the fit, calibration, threshold) are chosen by cross-validation inside
/// the tickets it is given, so a test on other tickets is honest.
/// </summary>
public sealed class SkillClassifier
{
    /// <summary>Below this there is no history worth learning from.</summary>
    public const int LeastTickets = 20;

    /// <summary>A skill seen on fewer tickets is not learned.</summary>
    public const int LeastPerSkill = 5;

    private const int MostTickets = 20_000;
    private const int MostSkills = 60;
    // Choosing on more tickets costs time and no longer changes the choice.
    private const int MostForChoice = 3_000;
    private const int Folds = 3;
    // Of the skills given on the word of history, at least this share was right on tickets not seen.
    private const double WantedPrecision = 0.85;
    private const int LeastProof = 10;

    private readonly TextSpace _space;
    private readonly LinearMachine _machine;
    private readonly Calibration _calibration;

    private SkillClassifier(string[] skills, TextSpace space, LinearMachine machine, Calibration calibration, double threshold, int tickets) =>
        (Skills, _space, _machine, _calibration, Threshold, Tickets) = (skills, space, machine, calibration, threshold, tickets);

    /// <summary>The skills it can name, in the spelling most tickets use.</summary>
    public IReadOnlyList<string> Skills { get; }

    /// <summary>The confidence from which a skill may be given; above 1 when validation found none good enough.</summary>
    public double Threshold { get; }

    /// <summary>How many solved tickets it learned from.</summary>
    public int Tickets { get; }

    /// <summary>
    /// Learns from solved tickets, the first 20,000 given. Null when there is not enough history: fewer than 20 tickets,
    /// or fewer than two skills with five tickets each.
    /// </summary>
    public static SkillClassifier? Train(IEnumerable<SolvedTicket> history)
    {
        var given = history.Take(MostTickets).Where(t => !string.IsNullOrWhiteSpace(t.Text)).ToArray();
        var skills = SkillsOf(given);
        var index = skills.Index().ToDictionary(s => Words.Fold(s.Item), s => s.Index);
        var tickets = given
            .Select(t => new Example(t.Text, [.. t.Skills.Select(Words.Fold).Where(index.ContainsKey).Select(s => index[s])]))
            .Where(e => e.Skills.Count > 0)
            .ToArray();
        if (tickets.Length < LeastTickets || skills.Length < 2)
            return null;

        var (pairs, strength, unseen) = Choose(tickets, skills.Length);
        var calibration = Calibration.Of(unseen);
        var (space, machine) = Fit(tickets, skills.Length, pairs, strength);
        return new(skills, space, machine, calibration, ThresholdOf(calibration, unseen), tickets.Length);
    }

    /// <summary>
    /// Every skill it knows, the surest first; empty when no word of the text was ever seen. A confidence of 0.8 means: of
    /// tickets not seen in training where a skill scored like this one, eight of ten had it.
    /// </summary>
    public IReadOnlyList<LearnedSkill> Predict(string text)
    {
        var vector = _space.Vector(text);
        if (vector.Features.Length == 0)
            return [];

        var scores = _machine.Scores(vector);
        return [.. Skills.Select((skill, i) => new LearnedSkill(skill, _calibration.Confidence(scores, i)))
            .OrderByDescending(s => s.Confidence).ThenBy(s => s.Skill, StringComparer.Ordinal)];
    }

    private static string[] SkillsOf(SolvedTicket[] tickets) =>
        [.. tickets.SelectMany(t => t.Skills.Where(s => Words.Fold(s).Length > 0).DistinctBy(Words.Fold))
            .GroupBy(Words.Fold)
            .Where(g => g.Count() >= LeastPerSkill)
            .OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal)
            .Take(MostSkills)
            .Select(g => g.GroupBy(s => s.Trim()).OrderByDescending(s => s.Count()).ThenBy(s => s.Key, StringComparer.Ordinal).First().Key)];

    private static (TextSpace, LinearMachine) Fit(Example[] tickets, int skills, bool pairs, double strength)
    {
        var space = TextSpace.Of([.. tickets.Select(t => t.Text)], pairs);
        var vectors = tickets.Select(t => space.Vector(t.Text)).ToArray();
        return (space, LinearMachine.Train(vectors, [.. tickets.Select(t => t.Skills)], skills, space.Size, strength));
    }

    private static (bool Pairs, double Strength, List<(double[] Scores, HashSet<int> Truth)> Unseen) Choose(Example[] tickets, int skills)
    {
        // Every n-th ticket, so that a long history is judged over all its years.
        var some = tickets.Where((_, i) => i % (1 + (tickets.Length - 1) / MostForChoice) == 0).ToArray();
        // Skills may take turns in the history; folds cut from it in order would then never see one of them.
        new Random(1).Shuffle(some);
        var skillsOf = some.Select(t => t.Skills).ToArray();
        return (from pairs in new[] { false, true }
                let folds = Enumerable.Range(0, Folds).Select(fold => Split(some, fold, pairs)).ToArray()
                from strength in new[] { 0.1, 0.3, 1.0 }
                let unseen = folds.SelectMany(f => Unseen(f, skillsOf, skills, strength)).ToList()
                select (pairs, strength, unseen)).MaxBy(c => c.unseen.Count(FirstIsRight));
    }

    private static (int Fold, int Features, TextVector[] Vectors) Split(Example[] tickets, int fold, bool pairs)
    {
        var space = TextSpace.Of([.. tickets.Where((_, i) => i % Folds != fold).Select(t => t.Text)], pairs);
        return (fold, space.Size, [.. tickets.Select(t => space.Vector(t.Text))]);
    }

    private static IEnumerable<(double[] Scores, HashSet<int> Truth)> Unseen(
        (int Fold, int Features, TextVector[] Vectors) split, HashSet<int>[] skillsOf, int skills, double strength)
    {
        var (fold, features, vectors) = split;
        var machine = LinearMachine.Train(
            [.. vectors.Where((_, i) => i % Folds != fold)], [.. skillsOf.Where((_, i) => i % Folds != fold)], skills, features, strength);
        return vectors.Index().Where(v => v.Index % Folds == fold).Select(v => (machine.Scores(v.Item), skillsOf[v.Index]));
    }

    private static bool FirstIsRight((double[] Scores, HashSet<int> Truth) ticket) =>
        ticket.Truth.Contains(Array.IndexOf(ticket.Scores, ticket.Scores.Max()));

    private static double ThresholdOf(Calibration calibration, List<(double[] Scores, HashSet<int> Truth)> unseen)
    {
        var given = unseen.SelectMany(u => u.Scores.Select((_, s) => (Confidence: calibration.Confidence(u.Scores, s), Right: u.Truth.Contains(s)))).ToArray();
        for (var threshold = 0.50; threshold < 0.96; threshold += 0.05)
        {
            var above = given.Where(g => g.Confidence >= threshold).ToArray();
            if (above.Length >= LeastProof && above.Count(a => a.Right) >= WantedPrecision * above.Length)
                return Math.Round(threshold, 2);
        }

        return 1.01;
    }

    private sealed record Example(string Text, HashSet<int> Skills);
}
