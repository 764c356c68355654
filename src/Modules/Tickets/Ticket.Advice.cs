using JasperFx.Events;
using TicMate.Tickets.Contracts;

namespace TicMate.Tickets;

/// <summary>How far the agent is with a ticket.</summary>
/// <param name="State">off, pending, done, failed or skipped.</param>
/// <param name="Reason">Why it is so, where that is not plain.</param>
/// <param name="Advisor">Who advised.</param>
public sealed record AgentState(string State, string? Reason, string? Advisor, DateTimeOffset? At)
{
    public const string Off = "off", Pending = "pending", Done = "done", Failed = "failed", Skipped = "skipped";

    /// <summary>The reason for the model not being asked when its money is used up; the built-in advisor answers then.</summary>
    public const string Budget = "budget";
}

/// <summary>A proposal of the agent, and what became of it.</summary>
/// <param name="Before">What the field held when it was proposed.</param>
public sealed record Proposal(string Field, string[] Value, double Confidence, string Reason, string[] Quotes, string State, string[] Before)
{
    /// <summary>It waits for a person; it was applied; a person took it, put it right, refused it, set the field otherwise, or undid it.</summary>
    public const string Waiting = "waiting", Applied = "applied", Accepted = "accepted", Corrected = "corrected", Rejected = "rejected", Overruled = "overruled", Undone = "undone";

    public Guid? DecidedById { get; init; }
    public DateTimeOffset? DecidedAt { get; init; }
}

// What the agent proposes, and what people make of it.
public sealed partial record Ticket
{
    /// <summary>How far the agent is with the ticket.</summary>
    public AgentState Agent { get; init; } = new(AgentState.Off, null, null, null);

    /// <summary>How often advice was wanted: for the first text, for each change of it, and when somebody asked again.</summary>
    public int TriageRound { get; init; }

    /// <summary>What the agent proposed last.</summary>
    public Proposal[] Proposals { get; init; } = [];

    /// <summary>The fields that a person set: the agent leaves them alone.</summary>
    public string[] SetByPeople { get; init; } = [];

    public string[] ValueOf(string field) => field switch
    {
        ProposalField.Priority => [Priority],
        ProposalField.Category => [Category],
        ProposalField.Skills => RelatedSkills,
        ProposalField.Notes => [HelpfulNotes],
        _ => [Summary],
    };

    // What a field held before the agent touched it, however often it did.
    private string[] WithoutAdvice(string field) =>
        Proposals.FirstOrDefault(p => p.Field == field && p.State is Proposal.Applied && p.Value.SequenceEqual(ValueOf(field)))?.Before ?? ValueOf(field);

    private Ticket With(string field, string[] value) => field switch
    {
        ProposalField.Priority => this with { Priority = value[0] },
        ProposalField.Category => this with { Category = value[0] },
        ProposalField.Skills => this with { RelatedSkills = value },
        ProposalField.Notes => this with { HelpfulNotes = value[0] },
        _ => this with { Summary = value[0] },
    };

    public Ticket Apply(IEvent<TicketTriaged> e)
    {
        var ticket = this with
        {
            TriagedBy = e.Data.Advisor, UpdatedAt = e.Timestamp,
            Agent = new(e.Data.FallbackReason is AgentState.Budget ? AgentState.Skipped : AgentState.Done,
                e.Data.InjectionSuspected ? "injection-suspected" : e.Data.FallbackReason, e.Data.Advisor, e.Timestamp),
            Proposals = [.. e.Data.Proposals.Select(p =>
                new Proposal(p.Field, p.Value, p.Confidence, p.Reason, p.Quotes, p.IsApplied ? Proposal.Applied : Proposal.Waiting, WithoutAdvice(p.Field)))],
        };
        return e.Data.Proposals.Where(p => p.IsApplied && !SetByPeople.Contains(p.Field)).Aggregate(ticket, (t, p) => t.With(p.Field, p.Value));
    }

    public Ticket Apply(IEvent<TicketTriageFailed> e) => this with { Agent = new(AgentState.Failed, e.Data.Reason, null, e.Timestamp), UpdatedAt = e.Timestamp };

    public Ticket Apply(IEvent<TicketTriageRequested> e) => AskedAgain(e.Timestamp) with { UpdatedAt = e.Timestamp };

    private Ticket AskedAgain(DateTimeOffset at) => this with { TriageRound = TriageRound + 1, Agent = Agent with { State = AgentState.Pending, At = at } };

    public Ticket Apply(IEvent<TicketProposalAccepted> e) =>
        With(e.Data.Field, e.Data.Value).DecidedBy(e.Data.Field, e.Data.WasCorrected ? Proposal.Corrected : Proposal.Accepted, e.Data.ById, e.Timestamp);

    public Ticket Apply(IEvent<TicketProposalRejected> e) =>
        (e.Data.Restored is { } before ? With(e.Data.Field, before) : this).DecidedBy(e.Data.Field, Proposal.Rejected, e.Data.ById, e.Timestamp);

    public Ticket Apply(IEvent<TicketTriageUndone> e)
    {
        var ticket = this with
        {
            Priority = e.Data.Priority, RelatedSkills = e.Data.Skills, HelpfulNotes = e.Data.Notes, Summary = e.Data.Summary, Category = e.Data.Category, UpdatedAt = e.Timestamp,
        };
        return Proposals.Where(p => p.State is Proposal.Applied).Aggregate(ticket, (t, p) => t.DecidedBy(p.Field, Proposal.Undone, e.Data.ById, e.Timestamp));
    }

    // Whatever a person does with a field, the agent leaves it alone from then on.
    private Ticket DecidedBy(string field, string state, Guid? person, DateTimeOffset at) => this with
    {
        SetByPeople = SetByPeople.Contains(field) ? SetByPeople : [.. SetByPeople, field],
        Proposals = [.. Proposals.Select(p => p.Field == field && p.State is Proposal.Waiting or Proposal.Applied ? p with { State = state, DecidedById = person, DecidedAt = at } : p)],
        UpdatedAt = at,
    };
}
