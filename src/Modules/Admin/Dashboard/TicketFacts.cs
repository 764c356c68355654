using JasperFx.Events;
using TicMate.Tickets.Contracts;

namespace TicMate.Admin.Dashboard;

/// <summary>What the dashboard must know of a ticket to count it, as the events left it.</summary>
public sealed record TicketFacts(Guid Id, Guid AuthorId, DateTimeOffset CreatedAt)
{
    public string Status { get; init; } = Tickets.Contracts.Status.Todo;
    public string Priority { get; init; } = Tickets.Contracts.Priority.Medium;
    public string Category { get; init; } = "";
    public string[] Skills { get; init; } = [];
    public DateTimeOffset? Deadline { get; init; }
    public Guid? AssigneeId { get; init; }

    /// <summary>It was solved before it came here, so that nothing can be said about how long it took.</summary>
    public bool WasSolvedElsewhere { get; init; }

    /// <summary>When somebody else than the author first replied.</summary>
    public DateTimeOffset? FirstResponseAt { get; init; }

    /// <summary>The completion that stands; a merge is none.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Whose work it was when it was completed.</summary>
    public Guid? CompletedFor { get; init; }
    public DateTimeOffset? FirstCompletedAt { get; init; }

    /// <summary>The bucket of each reopening.</summary>
    public int[] Reopenings { get; init; } = [];
    public DateTimeOffset? MergedAt { get; init; }
    public bool IsDeleted { get; init; }

    /// <summary>The fields that a person set: advice no longer changes them.</summary>
    public string[] SetByPeople { get; init; } = [];

    /// <summary>The fields that the newest advice filled in, and nobody has touched since.</summary>
    public string[] Advised { get; init; } = [];

    /// <summary>As lists show it: what was merged is completed.</summary>
    public string ShownStatus => MergedAt is null ? Status : Tickets.Contracts.Status.Completed;

    public bool IsOpen => ShownStatus is not Tickets.Contracts.Status.Completed;

    /// <summary>When it becomes overdue, as long as it can.</summary>
    public DateTimeOffset? Due => IsOpen && !IsDeleted ? Deadline : null;

    /// <summary>Null as long as the ticket has not been created.</summary>
    public static TicketFacts? After(TicketFacts? ticket, IEvent e) => e.Data is TicketCreated created ? Opened(created, e.Timestamp) : ticket?.After(e);

    private static TicketFacts Opened(TicketCreated e, DateTimeOffset at) => new(e.TicketId, e.AuthorId, at)
    {
        Priority = e.Priority ?? Tickets.Contracts.Priority.Medium, Category = e.Category ?? "", Deadline = e.Deadline, WasSolvedElsewhere = !e.IsTriaged,
        SetByPeople = [.. e.PriorityStands ? [ProposalField.Priority] : (string[])[], .. e.Category is null ? (string[])[] : [ProposalField.Category]],
    };

    private TicketFacts After(IEvent stored) => stored.Data switch
    {
        TicketEdited { Category: { } category } => (this with { Category = category }).SetBy(ProposalField.Category),
        TicketPrioritised e => (this with { Priority = e.Priority }).SetBy(ProposalField.Priority),
        TicketSkillsRecorded e => (this with { Skills = e.Skills }).SetBy(ProposalField.Skills),
        TicketTriaged e => e.Proposals.Where(p => p.IsApplied && !SetByPeople.Contains(p.Field)).Aggregate(this, (ticket, p) => ticket.With(p.Field, p.Value))
            with { Advised = [.. e.Proposals.Where(p => p.IsApplied).Select(p => p.Field).Distinct()] },
        TicketProposalAccepted e => With(e.Field, e.Value).SetBy(e.Field),
        TicketProposalRejected e => (e.Restored is null ? this : With(e.Field, e.Restored)).SetBy(e.Field),
        TicketTriageUndone e => Advised.Aggregate(this with { Priority = e.Priority, Skills = e.Skills, Category = e.Category }, (ticket, field) => ticket.SetBy(field)),
        TicketDeadlineMoved e => this with { Deadline = e.To },
        TicketAssigned e => this with { AssigneeId = e.AssigneeId },
        TicketUnassigned => this with { AssigneeId = null },
        TicketStatusChanged { To: Tickets.Contracts.Status.Completed } e => this with
        {
            Status = e.To, CompletedAt = stored.Timestamp, CompletedFor = e.AssigneeId, FirstCompletedAt = FirstCompletedAt ?? stored.Timestamp,
        },
        TicketStatusChanged e => this with
        {
            Status = e.To, CompletedAt = null, CompletedFor = null,
            Reopenings = Status is Tickets.Contracts.Status.Completed ? [.. Reopenings, Bucket.Of(stored.Timestamp)] : Reopenings,
        },
        TicketReplied e when e.AuthorId != AuthorId => this with { FirstResponseAt = FirstResponseAt ?? stored.Timestamp },
        TicketMerged => this with { MergedAt = stored.Timestamp },
        TicketUnmerged => this with { MergedAt = null },
        TicketDeleted => this with { IsDeleted = true },
        TicketRestored => this with { IsDeleted = false },
        TicketWritingErased e when e.WriterId == AuthorId => this with { Category = "" },
        TicketErased => this with { Category = "" },
        _ => this,
    };

    private TicketFacts With(string field, string[] value) => field switch
    {
        ProposalField.Priority => this with { Priority = value[0] },
        ProposalField.Category => this with { Category = value[0] },
        ProposalField.Skills => this with { Skills = value },
        _ => this,
    };

    private TicketFacts SetBy(string field) => this with { SetByPeople = [.. SetByPeople.Union([field])], Advised = [.. Advised.Where(other => other != field)] };

    /// <summary>What the ticket adds to the counters. A change takes back what it added before and adds what it does after.</summary>
    public IEnumerable<Tally> Tallies()
    {
        if (IsDeleted)
            yield break;

        var open = IsOpen ? 1 : 0;
        yield return Tally.Stock(StockKind.Status, ShownStatus, open);
        yield return Tally.Stock(StockKind.Priority, Priority, open);
        yield return Tally.Stock(StockKind.Category, Category, open);
        foreach (var skill in Skills.Where(skill => skill.Length > 0).DistinctBy(Skill.Key))
        {
            yield return Tally.Stock(StockKind.Skill, Skill.Key(skill), open) with { Label = skill };
            yield return Tally.Stock(StockKind.AnySkill, "", open);
        }

        if (IsOpen)
        {
            foreach (var tally in Tally.Times(StockKind.Opened, CreatedAt).Concat(Deadline is { } deadline ? Tally.Times(StockKind.Due, deadline) : []))
                yield return tally;
            if (AssigneeId is { } assignee)
                yield return Tally.Stock(StockKind.Load, assignee.ToString(), 1);
        }

        yield return Tally.Flow(FlowKind.Created, CreatedAt);
        if ((CompletedAt ?? MergedAt) is { } over && !IsOpen)
            yield return Tally.Flow(FlowKind.Completed, over);
        foreach (var reopening in Reopenings)
            yield return Tally.Flow(FlowKind.Reopened, Bucket.StartOf(reopening));

        if (CompletedAt is not null && CompletedFor is { } person)
            yield return Tally.Stock(StockKind.Done, person.ToString(), 0);

        if (WasSolvedElsewhere)
            yield break;

        if (FirstResponseAt is { } response)
            yield return Tally.Flow(FlowKind.Response, response) with { Bin = Histogram.BinOf(response - CreatedAt) };
        if (FirstCompletedAt is { } first)
        {
            yield return Tally.Flow(FlowKind.FirstCompletion, first);
            if (Reopenings.Length > 0)
                yield return Tally.Flow(FlowKind.FirstCompletion, first) with { Bin = 1 };
        }

        if (CompletedAt is not { } completed)
            yield break;

        var resolution = Tally.Flow(FlowKind.Resolution, completed) with { Bin = Histogram.BinOf(completed - CreatedAt) };
        yield return resolution;
        if (CompletedFor is { } solver)
            yield return resolution with { Kind = FlowKind.Work, Key = solver.ToString() };
    }
}
