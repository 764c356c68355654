namespace TicMate.Tickets.Triage;

/// <summary>A text and what it should have been called.</summary>
public sealed record LabelledText(string Text, string[] Labels);

/// <summary>What texts with like words were called, and how sure that is, from 0 to 1.</summary>
public sealed record Guess(string Label, double Confidence);

/// <summary>
/// What labelled texts taught about which words mean which label: a skill, a category, a priority. Immutable once trained, safe to share
/// between threads. Its parameters (pairs of words or not, strength of the fit, calibration, threshold) are chosen by cross-validation
/// inside the texts it is given, so a test on other texts is honest.
/// </summary>
public sealed class TextClassifier
{
    /// <summary>Below this there is no history worth learning from.</summary>
    public const int LeastTickets = 20;

    /// <summary>A label seen on fewer texts is not learned.</summary>
    public const int LeastPerLabel = 5;

    private const int MostTickets = 20_000;
    private const int MostLabels = 60;
    // Choosing on more tickets costs time and no longer changes the choice.
    private const int MostForChoice = 3_000;
    private const int Folds = 3;
    // Of the labels given on the word of history, at least this share was right on tickets not seen.
    private const double WantedPrecision = 0.85;
    private const int LeastProof = 10;

    private readonly TextSpace _space;
    private readonly LinearMachine _machine;
    private readonly Calibration _calibration;

    private TextClassifier(string[] labels, TextSpace space, LinearMachine machine, Calibration calibration, double threshold, int tickets) =>
        (Labels, _space, _machine, _calibration, Threshold, Tickets) = (labels, space, machine, calibration, threshold, tickets);

    /// <summary>The labels it can name, in the spelling most texts use.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>The confidence from which a label may be given; above 1 when validation found none good enough.</summary>
    public double Threshold { get; }

    /// <summary>How many texts it learned from.</summary>
    public int Tickets { get; }

    /// <summary>
    /// Learns from labelled texts, the first 20,000 given. Null when there is not enough history: fewer than 20 tickets,
    /// or fewer than two labels with five texts each.
    /// </summary>
    public static TextClassifier? Train(IEnumerable<LabelledText> history)
    {
        var given = history.Take(MostTickets).Where(t => !string.IsNullOrWhiteSpace(t.Text)).ToArray();
        var labels = LabelsOf(given);
        var index = labels.Index().ToDictionary(s => Words.Fold(s.Item), s => s.Index);
        var tickets = given
            .Select(t => new Example(t.Text, [.. t.Labels.Select(Words.Fold).Where(index.ContainsKey).Select(s => index[s])]))
            .Where(e => e.Labels.Count > 0)
            .ToArray();
        if (tickets.Length < LeastTickets || labels.Length < 2)
            return null;

        var (pairs, strength, unseen) = Choose(tickets, labels.Length);
        var calibration = Calibration.Of(unseen);
        var (space, machine) = Fit(tickets, labels.Length, pairs, strength);
        return new(labels, space, machine, calibration, ThresholdOf(calibration, unseen), tickets.Length);
    }

    public void Write(BinaryWriter to)
    {
        to.Write([.. Labels]);
        _space.Write(to);
        _machine.Write(to);
        _calibration.Write(to);
        to.Write(Threshold);
        to.Write(Tickets);
    }

    public static TextClassifier Read(BinaryReader from) => new(
        from.ReadStrings(), TextSpace.Read(from), LinearMachine.Read(from), Calibration.Read(from), from.ReadDouble(), from.ReadInt32());

    /// <summary>
    /// Every label it knows, the surest first; empty when no word of the text was ever seen. A confidence of 0.8 means: of
    /// tickets not seen in training where a label scored like this one, eight of ten had it.
    /// </summary>
    public IReadOnlyList<Guess> Predict(string text)
    {
        var vector = _space.Vector(text);
        if (vector.Features.Length == 0)
            return [];

        var scores = _machine.Scores(vector);
        return [.. Labels.Select((label, i) => new Guess(label, _calibration.Confidence(scores, i)))
            .OrderByDescending(s => s.Confidence).ThenBy(s => s.Label, StringComparer.Ordinal)];
    }

    /// <summary>The words of the text that speak most for the label, exactly as they are written, the strongest first.</summary>
    public IReadOnlyList<string> Strongest(string text, string label, int most) =>
        Labels.Index().Where(l => Words.Fold(l.Item) == Words.Fold(label)).Select(l => (int?)l.Index).FirstOrDefault() is { } index
            ? [.. _space.WordsOf(text).Select(w => (w.Word, Weight: _machine.Weight(index, w.Feature) * w.Rarity))
                .Where(w => w.Weight > 0).DistinctBy(w => w.Word.Folded).OrderByDescending(w => w.Weight).ThenBy(w => w.Word.Start)
                .Take(most).Select(w => w.Word.Written)]
            : [];

    private static string[] LabelsOf(LabelledText[] tickets) =>
        [.. tickets.SelectMany(t => t.Labels.Where(s => Words.Fold(s).Length > 0).DistinctBy(Words.Fold))
            .GroupBy(Words.Fold)
            .Where(g => g.Count() >= LeastPerLabel)
            .OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal)
            .Take(MostLabels)
            .Select(g => g.GroupBy(s => s.Trim()).OrderByDescending(s => s.Count()).ThenBy(s => s.Key, StringComparer.Ordinal).First().Key)];

    private static (TextSpace, LinearMachine) Fit(Example[] tickets, int labels, bool pairs, double strength)
    {
        var space = TextSpace.Of([.. tickets.Select(t => t.Text)], pairs);
        var vectors = tickets.Select(t => space.Vector(t.Text)).ToArray();
        return (space, LinearMachine.Train(vectors, [.. tickets.Select(t => t.Labels)], labels, space.Size, strength));
    }

    private static (bool Pairs, double Strength, List<(double[] Scores, HashSet<int> Truth)> Unseen) Choose(Example[] tickets, int labels)
    {
        // Every n-th ticket, so that a long history is judged over all its years.
        var some = tickets.Where((_, i) => i % (1 + (tickets.Length - 1) / MostForChoice) == 0).ToArray();
        // Labels may take turns in the history; folds cut from it in order would then never see one of them.
        new Random(1).Shuffle(some);
        var labelsOf = some.Select(t => t.Labels).ToArray();
        return (from pairs in new[] { false, true }
                let folds = Enumerable.Range(0, Folds).Select(fold => Split(some, fold, pairs)).ToArray()
                from strength in new[] { 0.1, 0.3, 1.0 }
                let unseen = folds.SelectMany(f => Unseen(f, labelsOf, labels, strength)).ToList()
                select (pairs, strength, unseen)).MaxBy(c => c.unseen.Count(FirstIsRight));
    }

    private static (int Fold, int Features, TextVector[] Vectors) Split(Example[] tickets, int fold, bool pairs)
    {
        var space = TextSpace.Of([.. tickets.Where((_, i) => i % Folds != fold).Select(t => t.Text)], pairs);
        return (fold, space.Size, [.. tickets.Select(t => space.Vector(t.Text))]);
    }

    private static IEnumerable<(double[] Scores, HashSet<int> Truth)> Unseen(
        (int Fold, int Features, TextVector[] Vectors) split, HashSet<int>[] labelsOf, int labels, double strength)
    {
        var (fold, features, vectors) = split;
        var machine = LinearMachine.Train(
            [.. vectors.Where((_, i) => i % Folds != fold)], [.. labelsOf.Where((_, i) => i % Folds != fold)], labels, features, strength);
        return vectors.Index().Where(v => v.Index % Folds == fold).Select(v => (machine.Scores(v.Item), labelsOf[v.Index]));
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

    private sealed record Example(string Text, HashSet<int> Labels);
}
