using TicMate.Tickets.Contracts;

namespace TicMate.Tickets.Triage;

/// <summary>What an advisor may see of a ticket: its words, and nothing about who wrote it.</summary>
public sealed record TicketText(string Title, string Description)
{
    /// <summary>Which ticket, for the book of costs only: no advisor passes it on.</summary>
    public Guid? TicketId { get; init; }
}

/// <summary>
/// What is known in this installation: the skills of active staff, whole names as staff spell them,
/// and what solved tickets taught (null while there is not enough history).
/// </summary>
public sealed record Installation(IReadOnlyList<string> StaffSkills, Lessons? Learned);

/// <summary>
/// What an advisor suggests: a proposal for each field it has something to say about. The priority is one of low, medium, high, urgent;
/// skills are names this installation knows, in its spelling; notes are Markdown without HTML; the summary is plain text of at most 500
/// characters.
/// </summary>
/// <param name="Advisor">How the advisor signs: "built-in", or the name of the model.</param>
public sealed record TriageAdvice(string Advisor, TicketProposal[] Proposals)
{
    /// <summary>The text seems to give the model orders, so people look at the advice before it is applied.</summary>
    public bool InjectionSuspected { get; init; }

    /// <summary>Whom to give the ticket to while the advice is held back: the skills that the words say, which no order can change.</summary>
    public string[] SkillsByWords { get; init; } = [];

    public string Priority => Of(ProposalField.Priority).FirstOrDefault() ?? "";
    public string[] Skills => Of(ProposalField.Skills);
    public string Notes => Of(ProposalField.Notes).FirstOrDefault() ?? "";
    public string Summary => Of(ProposalField.Summary).FirstOrDefault() ?? "";

    public string[] Of(string field) => Proposals.FirstOrDefault(p => p.Field == field)?.Value ?? [];
}

/// <summary>The one seam between a ticket and whoever advises on it. An advisor decides nothing: its advice is words.</summary>
public interface ITriageAdvisor
{
    /// <summary>How the advisor signs: "built-in", or the name of the model.</summary>
    string Name { get; }

    /// <exception cref="ModelUnavailableException">The provider gave no usable answer.</exception>
    /// <exception cref="InvalidAnswerException">The provider answered something that is not advice.</exception>
    Task<TriageAdvice> AdviseAsync(TicketText ticket, Installation installation, CancellationToken ct);
}
