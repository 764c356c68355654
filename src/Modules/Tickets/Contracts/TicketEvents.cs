using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Contracts;

// Everything that can happen to a ticket, in the order it usually happens. Where an event says whose work begins or ends with it, the
// load of people can be counted from the events alone.

/// <param name="Priority">The author's wish, or null.</param>
/// <param name="PriorityStands">Staff set the priority, so the agent leaves it alone.</param>
/// <param name="ImportKey">What the row was identified by, when the ticket came from a file.</param>
/// <param name="Silent">Nobody is mailed when the agent assigns it.</param>
/// <param name="FollowUpOf">The ticket, completed long ago, that this one takes up again.</param>
/// <param name="IsTriaged">The agent reads it; not so what was solved before it came here.</param>
public sealed record TicketCreated(
    Guid TicketId, int Number, Guid AuthorId, string Title, string Description, string? Category = null, DateTimeOffset? Deadline = null,
    string? Priority = null, bool PriorityStands = false, string? ImportKey = null, bool Silent = false, Guid? FollowUpOf = null,
    bool IsTriaged = true);

/// <summary>What the agent made of the ticket's text: a proposal for each field, and which of them it applied at once.</summary>
/// <param name="Advisor">Who advised: a model's name, or "built-in".</param>
/// <param name="FallbackReason">Why the configured model did not advise, when the built-in advisor stood in for it.</param>
/// <param name="Round">Which asking this answers: the ticket's text may have been changed, or advice been asked for again.</param>
/// <param name="InjectionSuspected">The text seems to give the model orders, so nothing of its advice was applied.</param>
public sealed record TicketTriaged(
    Guid TicketId, string Advisor, TicketProposal[] Proposals, string? FallbackReason = null, int Round = 1, bool InjectionSuspected = false);

/// <summary>What the agent proposes for one field of a ticket.</summary>
/// <param name="Field">One of <see cref="ProposalField"/>.</param>
/// <param name="Value">The value; a list only for skills, else one text.</param>
/// <param name="Confidence">From 0 to 1.</param>
/// <param name="Reason">In one sentence.</param>
/// <param name="Quotes">The words of the ticket it rests on, exactly as they stand there.</param>
/// <param name="IsApplied">It was sure enough, and no person had set the field.</param>
public sealed record TicketProposal(string Field, string[] Value, double Confidence, string Reason, string[] Quotes, bool IsApplied = false);

/// <summary>The agent could not make anything of the text.</summary>
public sealed record TicketTriageFailed(Guid TicketId, string Reason, int Round);

/// <summary>Advice is wanted again.</summary>
/// <param name="ById">Who asked; null when the agent did, because the model is back.</param>
public sealed record TicketTriageRequested(Guid TicketId, Guid? ById, string Reason);

/// <summary>A person took a proposal, as it was or put right.</summary>
/// <param name="Value">What the field holds now.</param>
/// <param name="WasCorrected">The person changed it before taking it.</param>
public sealed record TicketProposalAccepted(Guid TicketId, Guid ById, string Field, string[] Value, bool WasCorrected);

/// <summary>A person refused a proposal.</summary>
/// <param name="Restored">What the field holds again, when the proposal had been applied; else null.</param>
public sealed record TicketProposalRejected(Guid TicketId, Guid ById, string Field, string[]? Restored);

/// <summary>A person took the agent's advice off the ticket again: these are the values from before it.</summary>
public sealed record TicketTriageUndone(Guid TicketId, Guid ById, string Priority, string[] Skills, string Notes, string Summary, string Category = "");

/// <summary>Somebody changed the words. What is null was left alone.</summary>
public sealed record TicketEdited(Guid TicketId, Guid ById, string? Title, string? Description, string? Category);

public sealed record TicketDeadlineMoved(Guid TicketId, Guid ById, DateTimeOffset? To);

/// <summary>The deadline is less than a day away, and the ticket still open.</summary>
public sealed record TicketDeadlineNeared(Guid TicketId, DateTimeOffset Deadline);

/// <summary>The deadline is over, and the ticket still open.</summary>
public sealed record TicketDeadlinePassed(Guid TicketId, DateTimeOffset Deadline);

/// <summary>A person decided how much it matters; the agent leaves that alone from now on.</summary>
public sealed record TicketPrioritised(Guid TicketId, Guid ById, string Priority);

/// <summary>The skills that solving the ticket takes, as people know them.</summary>
public sealed record TicketSkillsRecorded(Guid TicketId, string[] Skills, Guid? ById = null);

/// <summary>A person rewrote the notes for those who work the ticket.</summary>
public sealed record TicketNotesRewritten(Guid TicketId, Guid ById, string Notes);

/// <param name="ById">The person who assigned it; null when the agent did.</param>
/// <param name="Matched">The skills that the ticket needs and the assignee has.</param>
/// <param name="PreviousId">Whose work it was until now.</param>
/// <param name="IsOpen">Whether the ticket is open, so that it counts among the assignee's work.</param>
public sealed record TicketAssigned(
    Guid TicketId, Guid AssigneeId, Guid? ById, string[] Matched, string Reason, Guid? PreviousId = null, bool IsOpen = true);

/// <summary>Nobody's work any more: the assignee is gone, or a person gave it back.</summary>
public sealed record TicketUnassigned(Guid TicketId, Guid PreviousId, string Reason, Guid? ById = null, bool IsOpen = true);

/// <summary>The agent looked for an assignee and found nobody fit.</summary>
public sealed record TicketLeftUnassigned(Guid TicketId, string Reason);

/// <param name="AssigneeId">Whose work it is, so that their load can be counted from the events alone.</param>
public sealed record TicketStatusChanged(Guid TicketId, Guid? ById, string From, string To, Guid? AssigneeId);

public sealed record TicketReplied(Guid TicketId, Guid ReplyId, Guid AuthorId, string Message);

/// <summary>The author of a reply put it differently.</summary>
public sealed record TicketReplyCorrected(Guid TicketId, Guid ReplyId, Guid AuthorId, string Message);

/// <summary>The author of a reply took it back.</summary>
public sealed record TicketReplyWithdrawn(Guid TicketId, Guid ReplyId, Guid AuthorId);

/// <summary>The owner came back long after the ticket was completed, and a new one was opened for it.</summary>
public sealed record TicketFollowedUp(Guid TicketId, Guid FollowUpId);

/// <summary>The ticket says the same as another one, which goes on for both. This one is read-only from now on.</summary>
/// <param name="FreedId">Whose open work it was.</param>
public sealed record TicketMerged(Guid TicketId, Guid IntoId, Guid ById, string Reason, Guid? FreedId);

/// <param name="TakenUpId">Whose open work it is again.</param>
public sealed record TicketUnmerged(Guid TicketId, Guid FromId, Guid ById, Guid? TakenUpId);

/// <summary>Another ticket was merged into this one.</summary>
public sealed record TicketAbsorbed(Guid TicketId, Guid SourceId, Guid ById, string Reason);

/// <summary>A ticket that had been merged into this one stands for itself again.</summary>
public sealed record TicketSeparated(Guid TicketId, Guid SourceId, Guid ById);

/// <summary>Two tickets have to do with each other. Each of them is told, in the words that are true of it.</summary>
public sealed record TicketLinked(Guid TicketId, Guid OtherId, int OtherNumber, string Kind, Guid ById);

public sealed record TicketUnlinked(Guid TicketId, Guid OtherId, Guid ById);

/// <param name="FreedId">Whose open work it was.</param>
public sealed record TicketDeleted(Guid TicketId, Guid ById, Guid? FreedId);

/// <param name="TakenUpId">Whose open work it is again.</param>
public sealed record TicketRestored(Guid TicketId, Guid ById, Guid? TakenUpId);

/// <summary>Everything that one person wrote on the ticket was erased, in the older events as well.</summary>
public sealed record TicketWritingErased(Guid TicketId, Guid WriterId) : IRedaction
{
    public Guid[] Redacts { get; init; } = [];
}

/// <summary>Everything that anyone wrote on the ticket was erased, a month after it was deleted.</summary>
public sealed record TicketErased(Guid TicketId) : IRedaction
{
    public Guid[] Redacts { get; init; } = [];
}
