using System.Globalization;
using TicMate.Tickets.Contracts;

namespace TicMate.Tickets.Triage;

/// <summary>What solved tickets say about one new text, and why. Tickets are named by number, and nobody by name.</summary>
/// <param name="text">The text as it is read.</param>
/// <param name="own">The text as it stands in the ticket, which quotes must stand in.</param>
public sealed class History(Lessons? lessons, string text, string own)
{
    // What is less likely is not worth a person's time.
    private const double LeastGuess = 0.3;
    private const int MostStrong = 4;

    private readonly float[] likeness = lessons?.Solved.Likeness(text) ?? [];

    /// <summary>The category that history proposes, if it has an idea.</summary>
    public TicketProposal? Category() =>
        Best(lessons?.Category) is { Label.Length: <= Limits.Category, Confidence: >= LeastGuess } best
            ? new(ProposalField.Category, [best.Label], best.Confidence, Sentence(ProposalField.Category, best), [.. Strongest(lessons!.Category, best.Label)])
            : null;

    /// <summary>
    /// The priority that words give, unless history is surer and has shown to be good enough. A ticket that asks for a priority itself is read by its
    /// words alone: history may have learned such words.
    /// </summary>
    public PriorityReading Surer(PriorityReading read) =>
        !read.IsAskedFor && Best(lessons?.Priority) is { } best && best.Confidence >= lessons!.Priority!.Threshold && best.Confidence > read.Confidence
            && Priority.Words.Contains(best.Label)
            ? new(best.Label, best.Confidence, Sentence(ProposalField.Priority, best), [.. Strongest(lessons.Priority, best.Label)])
            : read;

    /// <summary>The words a skill rests on, exactly as they stand in the ticket.</summary>
    public IEnumerable<string> Quotes(FoundSkill skill) =>
        (skill.History is null ? [] : Strongest(lessons!.Skills, skill.Skill)).Concat(skill.Words.Where(IsOwn));

    public string Because(string field, string label, double confidence)
    {
        var like = lessons!.Solved.Like(likeness, field, label, 2);
        var alike = like.Count == 0 ? "" : $"like {string.Join(" and ", like.Select(number => $"#{number.ToString(CultureInfo.InvariantCulture)}"))}, ";
        return string.Create(CultureInfo.InvariantCulture,
            $"{alike}learned from {lessons.Tickets} solved tickets (model {lessons.Version}), {Math.Min(99, Math.Floor(confidence * 100))} % sure");
    }

    private Guess? Best(TextClassifier? classifier) => classifier?.Predict(text) is [var best, ..] ? best : null;

    private string Sentence(string field, Guess guess)
    {
        var because = Because(field, guess.Label, guess.Confidence);
        return $"{char.ToUpperInvariant(because[0])}{because[1..]}.";
    }

    private IEnumerable<string> Strongest(TextClassifier? classifier, string label) => classifier?.Strongest(text, label, MostStrong).Where(IsOwn) ?? [];

    private bool IsOwn(string quote) => own.Contains(quote, StringComparison.Ordinal);
}
