namespace TicMate.Tickets.Contracts;

// Everything that can happen to a ticket, in the order it usually happens.

/// <param name="Priority">The author's wish, or null.</param>
/// <param name="PriorityStands">Staff set the priority, so the agent leaves it alone.</param>
/// <param name="ImportKey">What the row was identified by, when the ticket came from a file.</param>
/// <param name="Silent">Nobody is mailed when the agent assigns it.</param>
public sealed record TicketCreated(
    Guid TicketId, int Number, Guid AuthorId, string Title, string Description, string? Category = null, DateTimeOffset? Deadline = null,
    string? Priority = null, bool PriorityStands = false, string? ImportKey = null, bool Silent = false);

/// <summary>What the agent made of the ticket's text.</summary>
/// <param name="Advisor">Who advised: a model's name, or "built-in".</param>
/// <param name="FallbackReason">Why the configured model did not advise, when the built-in advisor stood in for it.</param>
public sealed record TicketTriaged(
    Guid TicketId, string Advisor, string Priority, string[] Skills, string Notes, string Summary, string? FallbackReason = null);

/// <param name="ById">The person who assigned it; null when the agent did.</param>
/// <param name="Matched">The skills that the ticket needs and the assignee has.</param>
/// <param name="PreviousId">Whose work it was until now.</param>
public sealed record TicketAssigned(Guid TicketId, Guid AssigneeId, Guid? ById, string[] Matched, string Reason, Guid? PreviousId = null);

/// <summary>The assignee is gone and nobody else fits.</summary>
public sealed record TicketUnassigned(Guid TicketId, Guid PreviousId, string Reason);

/// <summary>The agent looked for an assignee and found nobody fit.</summary>
public sealed record TicketLeftUnassigned(Guid TicketId, string Reason);

/// <param name="AssigneeId">Whose work it is, so that their load can be counted from the events alone.</param>
public sealed record TicketStatusChanged(Guid TicketId, Guid? ById, string From, string To, Guid? AssigneeId);

public sealed record TicketReplied(Guid TicketId, Guid ReplyId, Guid AuthorId, string Message);

/// <summary>The skills that solving the ticket took, as people know them.</summary>
public sealed record TicketSkillsRecorded(Guid TicketId, string[] Skills);

/// <summary>Everything that one person wrote on the ticket was erased, in the older events as well.</summary>
public sealed record TicketWritingErased(Guid TicketId, Guid WriterId);
