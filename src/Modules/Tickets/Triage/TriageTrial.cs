using System.Diagnostics;
using TicMate.Tickets.Contracts;

namespace TicMate.Tickets.Triage;

/// <summary>A ticket whose skill is known, to learn from or to be asked about.</summary>
public sealed record TrialTicket(int Number, string Title, string Description, string Skill);

/// <summary>How often advice with confidences from <c>From</c> to <c>To</c> was right.</summary>
public sealed record TrialBucket(double From, double To, int Tickets, double Confidence, double Accuracy);

/// <summary>How good the advice was on tickets that nothing was learned from.</summary>
/// <param name="SeenBefore">Tickets asked about whose text, letter for letter, was also learned from.</param>
/// <param name="Unanswered">Tickets that got no skill; they count as wrong.</param>
/// <param name="ByCoverage">Accuracy on the surest 10, 20, … 100 %.</param>
public sealed record TrialResult(
    string Model, int Learned, int Asked, int Labels, int SeenBefore, int Unanswered, double Accuracy, double MacroF1, double[] ByCoverage,
    TrialBucket[] Calibration, double MillisecondsPerTicket, double TrainingSeconds);

/// <summary>Measures the built-in advisor: it learns from some tickets and advises on the rest, by the code that serves tickets.</summary>
public static class TriageTrial
{
    private const int Buckets = 10;

    /// <summary>Learns from a part of the tickets, drawn by lot, and asks about the rest.</summary>
    public static TrialResult Split(IReadOnlyList<TrialTicket> tickets, double part, int seed)
    {
        var drawn = Drawn(tickets, seed);
        var learned = (int)Math.Round(part * drawn.Length);
        return Run(drawn[..learned], drawn[learned..]);
    }

    /// <summary>Asks about each ticket once, having learned from all but its fold.</summary>
    public static IReadOnlyList<TrialResult> Folds(IReadOnlyList<TrialTicket> tickets, int folds, int seed)
    {
        var drawn = Drawn(tickets, seed);
        return [.. Enumerable.Range(0, folds)
            .Select(fold => Run([.. drawn.Where((_, i) => i % folds != fold)], [.. drawn.Where((_, i) => i % folds == fold)]))];
    }

    /// <summary>Learns from the first tickets, of which alone it knows the skills, and asks about the others.</summary>
    public static TrialResult Run(TrialTicket[] learned, TrialTicket[] asked)
    {
        var clock = Stopwatch.StartNew();
        var lessons = Lessons.From(learned.Select(t => new SolvedTicket(t.Number, $"{t.Title}\n{t.Description}", [t.Skill])));
        var training = clock.Elapsed;

        string[] skills = [.. learned.Select(t => t.Skill).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal)];
        var installation = new Installation(skills, lessons);
        Advise(learned[0], installation);
        clock.Restart();
        var answers = asked.Select(t => Answer(t, Advise(t, installation))).ToArray();
        var time = clock.Elapsed;

        var seen = learned.Select(t => t.Description).ToHashSet(StringComparer.Ordinal);
        return new(
            lessons?.Version ?? "none", learned.Length, asked.Length, installation.StaffSkills.Count, asked.Count(t => seen.Contains(t.Description)),
            answers.Count(a => a.Said.Length == 0), Accuracy(answers), MacroF1(answers), ByCoverage(answers), Calibration(answers),
            time.TotalMilliseconds / asked.Length, training.TotalSeconds);
    }

    /// <summary>One table of many, weighted by the tickets in them.</summary>
    public static TrialBucket[] Together(IEnumerable<TrialResult> results) =>
        [.. results.SelectMany(r => r.Calibration).GroupBy(b => (b.From, b.To)).OrderBy(g => g.Key.From)
            .Select(g => (g.Key, Tickets: g.Sum(b => b.Tickets), Bucket: g))
            .Select(g => new TrialBucket(
                g.Key.From, g.Key.To, g.Tickets,
                g.Bucket.Sum(b => b.Confidence * b.Tickets) / g.Tickets, g.Bucket.Sum(b => b.Accuracy * b.Tickets) / g.Tickets))];

    /// <summary>The mean, and how far single values lie from it (the standard deviation of a sample).</summary>
    public static (double Mean, double Spread) Over(IReadOnlyCollection<double> values)
    {
        var mean = values.Average();
        return (mean, values.Count < 2 ? 0 : Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1)));
    }

    private static TrialTicket[] Drawn(IReadOnlyList<TrialTicket> tickets, int seed)
    {
        TrialTicket[] drawn = [.. tickets];
        new Random(seed).Shuffle(drawn);
        return drawn;
    }

    private static TriageAdvice Advise(TrialTicket ticket, Installation installation) =>
        BuiltInTriage.Advise(new(ticket.Title, ticket.Description), installation);

    private static TrialAnswer Answer(TrialTicket ticket, TriageAdvice advice) =>
        advice.Proposals.FirstOrDefault(p => p.Field == ProposalField.Skills) is { } skills
            ? new(Words.Fold(ticket.Skill), Words.Fold(skills.Value[0]), skills.Confidence) : new(Words.Fold(ticket.Skill), "", 0);

    private static double Accuracy(IReadOnlyCollection<TrialAnswer> answers) =>
        answers.Count == 0 ? 0 : answers.Count(a => a.IsRight) / (double)answers.Count;

    private static double MacroF1(TrialAnswer[] answers) =>
        answers.SelectMany(a => new[] { a.Truth, a.Said }).Where(l => l.Length > 0).Distinct()
        .Average(label => 2.0 * answers.Count(a => a.IsRight && a.Truth == label) / (answers.Count(a => a.Truth == label) + answers.Count(a => a.Said == label)));

    private static double[] ByCoverage(TrialAnswer[] answers)
    {
        var surest = answers.OrderByDescending(a => a.Confidence).ToArray();
        return [.. Enumerable.Range(1, 10).Select(tenth => Accuracy(surest[..Math.Max(1, surest.Length * tenth / 10)]))];
    }

    private static TrialBucket[] Calibration(TrialAnswer[] answers) =>
        [.. answers.Where(a => a.Said.Length > 0).GroupBy(a => Math.Min(Buckets - 1, (int)(a.Confidence * Buckets))).OrderBy(g => g.Key)
            .Select(g => new TrialBucket(g.Key / (double)Buckets, (g.Key + 1) / (double)Buckets, g.Count(), g.Average(a => a.Confidence), Accuracy([.. g])))];

    private sealed record TrialAnswer(string Truth, string Said, double Confidence)
    {
        public bool IsRight => Truth == Said;
    }
}
