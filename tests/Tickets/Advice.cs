using TicMate.Tickets.Contracts;

namespace TicMate.Tests.Tickets;

/// <summary>Events of the agent, as short as tests want them.</summary>
public static class Advice
{
    /// <summary>Advice that was applied as a whole.</summary>
    public static TicketTriaged Triaged(Guid id, string advisor, string priority, string[] skills, string notes, string summary) => new(
        id, advisor,
        [
            Applied(ProposalField.Priority, priority), Applied(ProposalField.Skills, skills), Applied(ProposalField.Notes, notes), Applied(ProposalField.Summary, summary),
        ]);

    private static TicketProposal Applied(string field, params string[] value) => new(field, value, 0.9, "", [], true);
}
