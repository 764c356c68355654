using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using TicMate.Tickets.Reading;

namespace TicMate.Tickets.Searching;

/// <summary>
/// What lists show of a ticket, in a column of its own. The whole document is several times as long, with all that decisions need, and the
/// database spends more time on spelling its JSON out than on finding it.
/// </summary>
public sealed record ListedTicket(
    Guid Id, int Number, Guid AuthorId, Guid? AssigneeId, string Title, string Description, string Status, string Priority, string Category, DateTimeOffset? Deadline,
    string HelpfulNotes, string[] RelatedSkills, Ticket.Reply[] Replies, int ReplyCount, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, AgentState Agent)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public DateTimeOffset? CompletedAt { get; init; }
    public Guid? CompletedById { get; init; }
    public DateTimeOffset? DeletedAt { get; init; }
    public Guid? MergedInto { get; init; }
    public Guid? FollowUpOf { get; init; }
    public Guid? FollowUpId { get; init; }

    public static string Of(Ticket t) => JsonSerializer.Serialize(
        new ListedTicket(
            t.Id, t.Number, t.AuthorId, t.AssigneeId, t.Title, t.Description, t.Status, t.Priority, t.Category, t.Deadline, t.HelpfulNotes, t.RelatedSkills,
            t.Replies.Length > TicketView.RepliesInLists ? t.Replies[^TicketView.RepliesInLists..] : t.Replies, t.ReplyCount, t.CreatedAt, t.UpdatedAt, t.Agent)
        {
            CompletedAt = t.CompletedAt, CompletedById = t.CompletedById, DeletedAt = t.DeletedAt, MergedInto = t.MergedInto, FollowUpOf = t.FollowUpOf, FollowUpId = t.FollowUpId,
        }, Json);
}
