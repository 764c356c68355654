namespace TicMate.Tickets.Triage;

/// <summary>What an advisor may see of a ticket: its words, and nothing about who wrote it.</summary>
public sealed record TicketText(string Title, string Description);

/// <summary>
/// What is known in this installation: the skills of active staff, whole names as staff spell them,
/// and what solved tickets taught (null while there is not enough history).
/// </summary>
public sealed record Installation(IReadOnlyList<string> StaffSkills, SkillClassifier? Learned);

/// <summary>
/// What an advisor suggests. <c>Priority</c> is one of low, medium, high, urgent; <c>Skills</c> are names this installation
/// knows, in its spelling; <c>Notes</c> is Markdown without HTML; <c>Summary</c> is plain text of at most 500 characters.
/// </summary>
public sealed record TriageAdvice(string Advisor, string Priority, string[] Skills, string Notes, string Summary);

/// <summary>The one seam between a ticket and whoever advises on it. An advisor decides nothing: its advice is words.</summary>
public interface ITriageAdvisor
{
    /// <summary>How the advisor signs: "built-in", or the name of the model.</summary>
    string Name { get; }

    /// <exception cref="ModelUnavailableException">The provider gave no usable answer.</exception>
    /// <exception cref="InvalidAnswerException">The provider answered something that is not advice.</exception>
    Task<TriageAdvice> AdviseAsync(TicketText ticket, Installation installation, CancellationToken ct);
}
