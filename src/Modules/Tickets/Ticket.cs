using System.Text.Json.Serialization;
using JasperFx.Events;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Searching;

namespace TicMate.Tickets;

/// <summary>
/// A ticket as its events left it: what decisions, lists and the detail need, in one document. People are in it by id only, so that a
/// rename or an erasure touches no ticket.
/// </summary>
[ListColumns]
public sealed partial record Ticket
{
    /// <summary>Older replies are in the events; the document keeps as many as the detail shows.</summary>
    public const int RepliesKept = 100;
    public const int RepliesAllowed = 500;

    public Guid Id { get; init; }
    public int Version { get; init; }
    public int Number { get; init; }
    public Guid AuthorId { get; init; }
    public Guid? AssigneeId { get; init; }

    /// <summary>A person chose the assignee, so the agent leaves it at that.</summary>
    public bool AssignmentStands { get; init; }

    /// <summary>Those who gave the ticket back: the agent does not give it to them again.</summary>
    public Guid[] ReleasedBy { get; init; } = [];

    public string Title { get; init; } = "";
    public string Description { get; init; } = "";
    public string Status { get; init; } = Contracts.Status.Todo;
    public string Priority { get; init; } = Contracts.Priority.Medium;
    public string Category { get; init; } = "";
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>What the assignee was told of this deadline: nothing yet, that it nears, or that it is over.</summary>
    public DeadlineStage DeadlineStage { get; init; }

    public string HelpfulNotes { get; init; } = "";
    public string Summary { get; init; } = "";
    public string[] RelatedSkills { get; init; } = [];
    public string? TriagedBy { get; init; }

    public Reply[] Replies { get; init; } = [];
    public int ReplyCount { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
    public Guid? CompletedById { get; init; }
    public DateTimeOffset? DeletedAt { get; init; }
    public Guid? FollowUpOf { get; init; }
    public Guid? FollowUpId { get; init; }

    /// <summary>The ticket that goes on for this one.</summary>
    public Guid? MergedInto { get; init; }

    /// <summary>How the ticket stood when it was merged.</summary>
    public Completion? BeforeMerge { get; init; }

    /// <summary>The tickets that this one goes on for.</summary>
    public Guid[] Merged { get; init; } = [];

    public Link[] Links { get; init; } = [];

    public string? ImportKey { get; init; }
    public bool Silent { get; init; }

    /// <summary>Whose words these are, so that they can go with their writer.</summary>
    public Guid TitleById { get; init; }
    public Guid DescriptionById { get; init; }
    public Guid? NotesById { get; init; }

    /// <summary>Its author's words are gone.</summary>
    public bool IsErased { get; init; }

    public sealed record Reply(Guid Id, Guid AuthorId, string Message, DateTimeOffset CreatedAt)
    {
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public DateTimeOffset? CorrectedAt { get; init; }
    }

    /// <param name="Kind">What this ticket is to the other one.</param>
    public sealed record Link(Guid Id, int Number, string Kind);

    public sealed record Completion(string Status, DateTimeOffset? At, Guid? ById);

    /// <summary>What the agent looks for to hand the ticket out: the needed skills in one case, while the ticket waits for somebody.</summary>
    public string[] WaitingFor
    {
        get => IsOpen && AssigneeId is null && DeletedAt is null && TriagedBy is not null ? [.. RelatedSkills.Select(s => s.ToUpperInvariant())] : [];
        init { }
    }

    /// <summary>When the assignee must next hear of the deadline: a day before it, then when it is over, then never.</summary>
    public DateTimeOffset? RemindAt
    {
        get => !IsOpen || DeletedAt is not null ? null
            : DeadlineStage switch { DeadlineStage.Ahead => Deadline - NearDeadline, DeadlineStage.Near => Deadline, _ => null };
        init { }
    }

    /// <summary>How long before its deadline a ticket's assignee is warned.</summary>
    public static readonly TimeSpan NearDeadline = TimeSpan.FromHours(24);

    [JsonIgnore]
    public bool IsOpen => Status is not Contracts.Status.Completed;

    // What lists sort and filter by, in columns of their own.
    [JsonIgnore]
    public int Urgency => Contracts.Priority.Urgency(Priority);

    [JsonIgnore]
    public DateTimeOffset Due => Deadline ?? DateTimeOffset.MaxValue;

    [JsonIgnore]
    public string[] SkillKeys => [.. RelatedSkills.Select(Skill.Key)];

    /// <inheritdoc cref="ListedTicket"/>
    [JsonIgnore]
    public string Listed => ListedTicket.Of(this);

    /// <summary>Staff see every ticket, owners theirs, and deleted ones only admins; for everyone else it does not exist.</summary>
    public bool IsVisibleTo(CurrentUser user) => DeletedAt is not null ? user.Role is Roles.Admin : user.IsStaff || user.Id == AuthorId;

    public bool IsOverdue(DateTimeOffset now) => IsOpen && Deadline < now;

    public static Ticket Create(IEvent<TicketCreated> e) => new()
    {
        Id = e.Data.TicketId, Number = e.Data.Number, AuthorId = e.Data.AuthorId, Title = e.Data.Title, Description = e.Data.Description,
        TitleById = e.Data.AuthorId, DescriptionById = e.Data.AuthorId, Category = e.Data.Category ?? "", Deadline = e.Data.Deadline,
        Priority = e.Data.Priority ?? Contracts.Priority.Medium,
        SetByPeople = [.. e.Data.PriorityStands ? [ProposalField.Priority] : (string[])[], .. e.Data.Category is null ? (string[])[] : [ProposalField.Category]],
        TriageRound = e.Data.IsTriaged ? 1 : 0, Agent = new(e.Data.IsTriaged ? AgentState.Pending : AgentState.Off, null, null, e.Timestamp), ImportKey = e.Data.ImportKey,
        Silent = e.Data.Silent, FollowUpOf = e.Data.FollowUpOf, CreatedAt = e.Timestamp, UpdatedAt = e.Timestamp,
    };

    public Ticket Apply(IEvent<TicketEdited> e)
    {
        var ticket = e.Data.Category is { } category ? (this with { Category = category }).DecidedBy(ProposalField.Category, Proposal.Overruled, e.Data.ById, e.Timestamp) : this;
        return (e.Data.Title is null && e.Data.Description is null ? ticket : ticket.AskedAgain(e.Timestamp)) with
        {
            Title = e.Data.Title ?? Title, TitleById = e.Data.Title is null ? TitleById : e.Data.ById,
            Description = e.Data.Description ?? Description, DescriptionById = e.Data.Description is null ? DescriptionById : e.Data.ById,
            UpdatedAt = e.Timestamp,
        };
    }

    public Ticket Apply(IEvent<TicketDeadlineMoved> e) =>
        this with { Deadline = e.Data.To, DeadlineStage = DeadlineStage.Ahead, UpdatedAt = e.Timestamp };

    public Ticket Apply(IEvent<TicketDeadlineNeared> e) => this with { DeadlineStage = DeadlineStage.Near, UpdatedAt = e.Timestamp };

    public Ticket Apply(IEvent<TicketDeadlinePassed> e) => this with { DeadlineStage = DeadlineStage.Over, UpdatedAt = e.Timestamp };

    public Ticket Apply(IEvent<TicketPrioritised> e) =>
        (this with { Priority = e.Data.Priority }).DecidedBy(ProposalField.Priority, Proposal.Overruled, e.Data.ById, e.Timestamp);

    public Ticket Apply(IEvent<TicketSkillsRecorded> e) =>
        (this with { RelatedSkills = e.Data.Skills }).DecidedBy(ProposalField.Skills, Proposal.Overruled, e.Data.ById, e.Timestamp);

    public Ticket Apply(IEvent<TicketNotesRewritten> e) =>
        (this with { HelpfulNotes = e.Data.Notes, NotesById = e.Data.ById }).DecidedBy(ProposalField.Notes, Proposal.Overruled, e.Data.ById, e.Timestamp);

    public Ticket Apply(IEvent<TicketAssigned> e) =>
        this with { AssigneeId = e.Data.AssigneeId, AssignmentStands = e.Data.ById is not null, UpdatedAt = e.Timestamp };

    public Ticket Apply(IEvent<TicketUnassigned> e) => this with
    {
        AssigneeId = null, AssignmentStands = false, ReleasedBy = e.Data.ById == e.Data.PreviousId ? [.. ReleasedBy.Union([e.Data.PreviousId])] : ReleasedBy,
        UpdatedAt = e.Timestamp,
    };

    public Ticket Apply(IEvent<TicketLeftUnassigned> e) => this with { UpdatedAt = e.Timestamp };

    public Ticket Apply(IEvent<TicketStatusChanged> e) => (e.Data.To is Contracts.Status.Completed
        ? this with { CompletedAt = e.Timestamp, CompletedById = e.Data.ById }
        : this with { CompletedAt = null, CompletedById = null }) with { Status = e.Data.To, UpdatedAt = e.Timestamp };

    public Ticket Apply(IEvent<TicketReplied> e) => this with
    {
        Replies = [.. Replies.TakeLast(RepliesKept - 1), new Reply(e.Data.ReplyId, e.Data.AuthorId, e.Data.Message, e.Timestamp)],
        ReplyCount = ReplyCount + 1, UpdatedAt = e.Timestamp,
    };

    public Ticket Apply(IEvent<TicketReplyCorrected> e) => this with
    {
        Replies = [.. Replies.Select(r => r.Id == e.Data.ReplyId ? r with { Message = e.Data.Message, CorrectedAt = e.Timestamp } : r)], UpdatedAt = e.Timestamp,
    };

    public Ticket Apply(IEvent<TicketReplyWithdrawn> e) =>
        this with { Replies = [.. Replies.Where(r => r.Id != e.Data.ReplyId)], ReplyCount = ReplyCount - 1, UpdatedAt = e.Timestamp };

    public Ticket Apply(IEvent<TicketFollowedUp> e) => this with { FollowUpId = e.Data.FollowUpId, UpdatedAt = e.Timestamp };

    // Whoever looks for open work need not know about merging.
    public Ticket Apply(IEvent<TicketMerged> e) => this with
    {
        MergedInto = e.Data.IntoId, BeforeMerge = new Completion(Status, CompletedAt, CompletedById), Status = Contracts.Status.Completed,
        CompletedAt = CompletedAt ?? e.Timestamp, CompletedById = CompletedById ?? e.Data.ById, UpdatedAt = e.Timestamp,
    };

    public Ticket Apply(IEvent<TicketUnmerged> e) => this with
    {
        MergedInto = null, BeforeMerge = null, Status = BeforeMerge!.Status, CompletedAt = BeforeMerge.At, CompletedById = BeforeMerge.ById, UpdatedAt = e.Timestamp,
    };

    public Ticket Apply(IEvent<TicketAbsorbed> e) => this with { Merged = [.. Merged, e.Data.SourceId], UpdatedAt = e.Timestamp };

    public Ticket Apply(IEvent<TicketSeparated> e) => this with { Merged = [.. Merged.Where(id => id != e.Data.SourceId)], UpdatedAt = e.Timestamp };

    public Ticket Apply(IEvent<TicketLinked> e) => this with
    {
        Links = [.. Links.Where(l => l.Id != e.Data.OtherId), new Link(e.Data.OtherId, e.Data.OtherNumber, e.Data.Kind)], UpdatedAt = e.Timestamp,
    };

    public Ticket Apply(IEvent<TicketUnlinked> e) => this with { Links = [.. Links.Where(l => l.Id != e.Data.OtherId)], UpdatedAt = e.Timestamp };

    public Ticket Apply(IEvent<TicketDeleted> e) => this with { DeletedAt = e.Timestamp, UpdatedAt = e.Timestamp };

    public Ticket Apply(IEvent<TicketRestored> e) => this with { DeletedAt = null, UpdatedAt = e.Timestamp };

    // Advice on a text quotes the text, so it goes with it.
    public Ticket Apply(TicketWritingErased e)
    {
        var ticket = this with
        {
            Title = TitleById == e.WriterId ? Erased : Title, Description = DescriptionById == e.WriterId ? Erased : Description,
            HelpfulNotes = NotesById == e.WriterId ? "" : HelpfulNotes,
            Replies = [.. Replies.Select(r => r.AuthorId == e.WriterId ? r with { Message = Erased } : r)],
        };
        return AuthorId == e.WriterId ? ticket.WithoutWords() : ticket;
    }

    public Ticket Apply(TicketErased _) => WithoutWords() with { Replies = [.. Replies.Select(r => r with { Message = Erased })] };

    private Ticket WithoutWords() => this with
    {
        IsErased = true, Title = Erased, Description = Erased, Category = "", HelpfulNotes = "", Summary = "", ImportKey = null,
        Proposals = [],
    };

    /// <summary>What stands where somebody's words were.</summary>
    public const string Erased = "[erased]";
}

/// <summary>How far a ticket is towards its deadline, as far as its assignee was told.</summary>
public enum DeadlineStage
{
    Ahead,
    Near,
    Over,
}
