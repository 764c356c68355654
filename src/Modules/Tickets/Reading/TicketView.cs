using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Reading;

/// <summary>A person as a ticket shows them.</summary>
public sealed record PersonView(Guid Id, string Name)
{
    [JsonPropertyName("_id")]
    public Guid UnderscoreId => Id;
}

public sealed record ReplyView(Guid Id, string Message, DateTimeOffset CreatedAt, PersonView CreatedBy)
{
    [JsonPropertyName("_id")]
    public Guid UnderscoreId => Id;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? CorrectedAt { get; init; }

    public static ReplyView Of(Ticket.Reply reply, IReadOnlyDictionary<Guid, string> names) =>
        new(reply.Id, reply.Message, reply.CreatedAt, new PersonView(reply.AuthorId, names[reply.AuthorId])) { CorrectedAt = reply.CorrectedAt };
}

/// <param name="Kind">related, duplicate, duplicated_by, blocks or blocked_by.</param>
public sealed record LinkView(Guid Id, int Number, string Kind)
{
    [JsonPropertyName("_id")]
    public Guid UnderscoreId => Id;
}

/// <summary>A ticket as the wire has it, for one reader: notes for staff are empty for an owner.</summary>
public sealed record TicketView(
    Guid Id, int Number, string Title, string Description, string Status, string Priority, string Category, DateTimeOffset? Deadline,
    PersonView CreatedBy, PersonView? AssignedTo, string HelpfulNotes, string[] RelatedSkills, IReadOnlyList<ReplyView> Replies,
    int ReplyCount, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, int Version)
{
    /// <summary>How far the agent is: state (off, pending, done, failed, skipped), reason, advisor, at.</summary>
    public AgentState Ai { get; init; } = new(AgentState.Off, null, null, null);

    /// <summary>Open, and its deadline is over.</summary>
    public bool Overdue { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }
    public PersonView? CompletedBy { get; init; }

    /// <summary>When it was deleted; only admins see such a ticket.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>The ticket that goes on for this one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? MergedInto { get; init; }

    /// <summary>The ticket, completed long ago, that this one takes up again.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? FollowUpOf { get; init; }

    /// <summary>The ticket that takes this one up again.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? FollowUp { get; init; }

    /// <summary>The tickets that have to do with this one; staff see them, in the detail.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LinkView>? Links { get; init; }

    /// <summary>Lists carry this many of the newest replies.</summary>
    public const int RepliesInLists = 3;

    [JsonPropertyName("_id")]
    public Guid UnderscoreId => Id;

    public static TicketView Of(Ticket ticket, bool showNotes, IReadOnlyDictionary<Guid, string> names, int replies, DateTimeOffset now)
    {
        PersonView Person(Guid id) => new(id, names[id]);

        return new(
            ticket.Id, ticket.Number, ticket.Title, ticket.Description, ticket.Status, ticket.Priority, ticket.Category, ticket.Deadline,
            Person(ticket.AuthorId), ticket.AssigneeId is { } assignee ? Person(assignee) : null, showNotes ? ticket.HelpfulNotes : "", ticket.RelatedSkills,
            [.. ticket.Replies.TakeLast(replies).Select(r => ReplyView.Of(r, names))],
            ticket.ReplyCount, ticket.CreatedAt, ticket.UpdatedAt, ticket.Version)
        {
            Ai = showNotes ? ticket.Agent : ticket.Agent with { Reason = null, Advisor = null }, Overdue = ticket.IsOverdue(now), CompletedAt = ticket.CompletedAt, CompletedBy = ticket.CompletedById is { } completer ? Person(completer) : null,
            DeletedAt = ticket.DeletedAt, MergedInto = ticket.MergedInto, FollowUpOf = ticket.FollowUpOf, FollowUp = ticket.FollowUpId,
        };
    }
}

/// <summary>Shows tickets to people: looks up the names, leaves out what the reader may not see.</summary>
public sealed class TicketReader(IPeople people, IOptions<TicketsOptions> options, TimeProvider clock)
{
    public async ValueTask<TicketView> ViewAsync(Ticket ticket, CurrentUser reader, CancellationToken ct) =>
        (await ViewsAsync([ticket], reader, Ticket.RepliesKept, ct))[0] with
        {
            Links = reader.IsStaff ? [.. ticket.Links.Select(l => new LinkView(l.Id, l.Number, l.Kind))] : null,
        };

    public async ValueTask<TicketView[]> ViewsAsync(IReadOnlyList<Ticket> tickets, CurrentUser reader, int replies, CancellationToken ct)
    {
        var ids = new HashSet<Guid>();
        foreach (var ticket in tickets)
        {
            ids.Add(ticket.AuthorId);
            if (ticket.AssigneeId is { } assignee)
                ids.Add(assignee);
            if (ticket.CompletedById is { } completer)
                ids.Add(completer);
            ids.UnionWith(ticket.Replies.TakeLast(replies).Select(r => r.AuthorId));
        }

        var names = await people.NamesAsync(ids, ct);
        return [.. tickets.Select(t => TicketView.Of(t, ShowsNotes(reader), names, replies, clock.GetUtcNow()))];
    }

    /// <summary>What writes the ticket into an answer, as the detail shows it.</summary>
    public async ValueTask<Action<Utf8JsonWriter>> WritingAsync(StoredTicket ticket, CurrentUser reader, CancellationToken ct)
    {
        var ids = new HashSet<Guid>();
        ticket.AddPeople(ids, Ticket.RepliesKept);
        var names = await people.NamesAsync(ids, ct);
        return writer => ticket.Write(writer, ShowsNotes(reader), showLinks: reader.IsStaff, names, Ticket.RepliesKept, clock.GetUtcNow());
    }

    /// <summary>What writes the tickets into an answer one after the other, as lists show them.</summary>
    public async ValueTask<Action<Utf8JsonWriter>> WritingAsync(IReadOnlyList<StoredTicket> tickets, CurrentUser reader, CancellationToken ct)
    {
        var ids = new HashSet<Guid>();
        foreach (var ticket in tickets)
            ticket.AddPeople(ids, TicketView.RepliesInLists);

        var names = await people.NamesAsync(ids, ct);
        return writer =>
        {
            foreach (var ticket in tickets)
                ticket.Write(writer, ShowsNotes(reader), showLinks: false, names, TicketView.RepliesInLists, clock.GetUtcNow());
        };
    }

    private bool ShowsNotes(CurrentUser reader) => reader.IsStaff || options.Value.ShareNotesWithOwner;
}
