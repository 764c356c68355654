using JasperFx.Events;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;

namespace TicMate.Tickets;

/// <summary>
/// A ticket as its events left it: what decisions, lists and the detail need, in one document. People are in it by id only, so that a
/// rename or an erasure touches no ticket.
/// </summary>
public sealed record Ticket
{
    /// <summary>Older replies are in the events; the document keeps as many as the detail shows.</summary>
    public const int RepliesKept = 100;
    public const int RepliesAllowed = 500;

    public Guid Id { get; init; }
    public int Version { get; init; }
    public int Number { get; init; }
    public Guid AuthorId { get; init; }
    public Guid? AssigneeId { get; init; }
    public string Title { get; init; } = "";
    public string Description { get; init; } = "";
    public string Status { get; init; } = Contracts.Status.Todo;
    public string Priority { get; init; } = Contracts.Priority.Medium;
    public bool PriorityStands { get; init; }
    public string Category { get; init; } = "";
    public DateTimeOffset? Deadline { get; init; }
    public string HelpfulNotes { get; init; } = "";
    public string Summary { get; init; } = "";
    public string[] RelatedSkills { get; init; } = [];
    public string? TriagedBy { get; init; }
    public Reply[] Replies { get; init; } = [];
    public int ReplyCount { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
    public string? ImportKey { get; init; }
    public bool Silent { get; init; }

    /// <summary>Its author's words are gone.</summary>
    public bool IsErased { get; init; }

    public sealed record Reply(Guid Id, Guid AuthorId, string Message, DateTimeOffset CreatedAt);

    public bool IsOpen => Status is not Contracts.Status.Completed;

    /// <summary>Staff see every ticket, owners theirs; for everyone else it does not exist.</summary>
    public bool IsVisibleTo(CurrentUser user) => user.IsStaff || user.Id == AuthorId;

    public static Ticket Create(IEvent<TicketCreated> e) => new()
    {
        Id = e.Data.TicketId, Number = e.Data.Number, AuthorId = e.Data.AuthorId, Title = e.Data.Title, Description = e.Data.Description,
        Category = e.Data.Category ?? "", Deadline = e.Data.Deadline, Priority = e.Data.Priority ?? Contracts.Priority.Medium,
        PriorityStands = e.Data.PriorityStands, ImportKey = e.Data.ImportKey, Silent = e.Data.Silent, CreatedAt = e.Timestamp, UpdatedAt = e.Timestamp,
    };

    public Ticket Apply(IEvent<TicketTriaged> e) => this with
    {
        Priority = PriorityStands ? Priority : e.Data.Priority, RelatedSkills = e.Data.Skills, HelpfulNotes = e.Data.Notes,
        Summary = e.Data.Summary, TriagedBy = e.Data.Advisor, UpdatedAt = e.Timestamp,
    };

    public Ticket Apply(IEvent<TicketAssigned> e) => this with { AssigneeId = e.Data.AssigneeId, UpdatedAt = e.Timestamp };

    public Ticket Apply(IEvent<TicketUnassigned> e) => this with { AssigneeId = null, UpdatedAt = e.Timestamp };

    public Ticket Apply(IEvent<TicketLeftUnassigned> e) => this with { UpdatedAt = e.Timestamp };

    public Ticket Apply(IEvent<TicketSkillsRecorded> e) => this with { RelatedSkills = e.Data.Skills, UpdatedAt = e.Timestamp };

    public Ticket Apply(IEvent<TicketStatusChanged> e) => this with
    {
        Status = e.Data.To, CompletedAt = e.Data.To is Contracts.Status.Completed ? e.Timestamp : null, UpdatedAt = e.Timestamp,
    };

    public Ticket Apply(IEvent<TicketReplied> e) => this with
    {
        Replies = [.. Replies.TakeLast(RepliesKept - 1), new Reply(e.Data.ReplyId, e.Data.AuthorId, e.Data.Message, e.Timestamp)],
        ReplyCount = ReplyCount + 1, UpdatedAt = e.Timestamp,
    };

    // Advice on a text quotes the text, so it goes with it.
    public Ticket Apply(TicketWritingErased e)
    {
        var ticket = this with { Replies = [.. Replies.Select(r => r.AuthorId == e.WriterId ? r with { Message = Erased } : r)] };
        return AuthorId != e.WriterId ? ticket
            : ticket with { IsErased = true, Title = Erased, Description = Erased, Category = "", HelpfulNotes = "", Summary = "", ImportKey = null };
    }

    /// <summary>What stands where somebody's words were.</summary>
    public const string Erased = "[erased]";
}
