using Marten;
using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Assignment;
using TicMate.Tickets.Contracts;
using Wolverine;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Triage;

/// <summary>Put the advice on the ticket and give it to the one who fits.</summary>
/// <param name="Round">Which asking the advice answers.</param>
/// <param name="FallbackReason">Why the model did not advise, when the built-in advisor stood in for it.</param>
public sealed record RecordTriage(Guid TicketId, int Round, TriageAdvice Advice, string? FallbackReason);

/// <summary>How sure the agent must be of a field to fill it in by itself, from 0 to 1.</summary>
public sealed record TriageOptions
{
    public double Priority { get; init; } = 0.6;
    public double Category { get; init; } = 0.6;
    public double Skills { get; init; }
    public double Notes { get; init; }
    public double Summary { get; init; }

    public double For(string field) => field switch
    {
        ProposalField.Priority => Priority,
        ProposalField.Category => Category,
        ProposalField.Skills => Skills,
        ProposalField.Notes => Notes,
        _ => Summary,
    };
}

public static class RecordTriageHandler
{
    public static async Task<Candidate[]> LoadAsync(RecordTriage command, IDocumentSession session, IStaff staff, CancellationToken ct)
    {
        session.LastModifiedBy = $"agent:{command.Advice.Advisor}";
        return await Candidates.HoldAsync(session, await staff.AllAsync(ct), [.. command.Advice.Skills, .. command.Advice.SkillsByWords], ct);
    }

    // Messages may arrive twice; each asking is answered once.
    public static HandlerContinuation Validate(RecordTriage command, Ticket? ticket) =>
        ticket is { IsErased: false, Agent.State: AgentState.Pending } && ticket.TriageRound == command.Round ? HandlerContinuation.Continue : HandlerContinuation.Stop;

    public static (TicketTriaged, TicketAssigned?, TicketLeftUnassigned?, TurnedAway?, OutgoingMessages) Handle(
        RecordTriage command, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, Candidate[] candidates, IOptions<TriageOptions> options)
    {
        var (id, advice) = (ticket!.Id, command.Advice);
        var proposals = Judge(advice, ticket, options.Value);
        var triaged = new TicketTriaged(id, advice.Advisor, proposals, command.FallbackReason, command.Round, advice.InjectionSuspected);

        if (ticket.AssigneeId is not null || !ticket.IsOpen || ticket.DeletedAt is not null)
            return (triaged, null, null, null, []);

        var skills = proposals.FirstOrDefault(p => p is { Field: ProposalField.Skills, IsApplied: true })?.Value
            ?? (advice.InjectionSuspected && ticket.RelatedSkills.Length == 0 ? advice.SkillsByWords : ticket.RelatedSkills);
        var choice = SkillMatch.Choose(candidates, skills, ticket.ReleasedBy);
        return choice.Assignee is { } assignee
            ? (triaged, new TicketAssigned(id, assignee, null, choice.Matched, choice.Reason), null, null, TellAssignee.Of(ticket, assignee))
            : (triaged, null, ticket.TriagedBy is null ? new TicketLeftUnassigned(id, choice.Reason) : null, new TurnedAway(choice.Full), []);
    }

    /// <summary>Which proposals are applied at once: those the advisor is sure enough of, for fields that no person has set.</summary>
    public static TicketProposal[] Judge(TriageAdvice advice, Ticket ticket, TriageOptions sureEnough) =>
    [
        .. advice.Proposals.Select(p => p with
        {
            IsApplied = !advice.InjectionSuspected && !ticket.SetByPeople.Contains(p.Field) && p.Confidence >= sureEnough.For(p.Field),
        }),
    ];
}
