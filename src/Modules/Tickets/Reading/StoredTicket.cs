using System.Text.Json;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;

namespace TicMate.Tickets.Reading;

/// <summary>
/// A ticket as it is stored. The detail and the lists, which people read all day, are written from these bytes part by part: making objects
/// of them first costs several times as much. <see cref="TicketView"/> says the same of a ticket in objects, and a test holds the two together.
/// </summary>
/// <param name="json">The stored document.</param>
/// <param name="version">How many events the ticket has.</param>
public sealed class StoredTicket(ReadOnlyMemory<byte> json, int version)
{
    private static readonly JsonNames Names = new(
        nameof(Ticket.Id), nameof(Ticket.Number), nameof(Ticket.Title), nameof(Ticket.Description), nameof(Ticket.Status), nameof(Ticket.Priority), nameof(Ticket.Category),
        nameof(Ticket.Deadline), nameof(Ticket.AuthorId), nameof(Ticket.AssigneeId), nameof(Ticket.HelpfulNotes), nameof(Ticket.RelatedSkills), nameof(Ticket.Replies),
        nameof(Ticket.ReplyCount), nameof(Ticket.CreatedAt), nameof(Ticket.UpdatedAt), nameof(Ticket.Agent), nameof(Ticket.CompletedAt), nameof(Ticket.CompletedById),
        nameof(Ticket.DeletedAt), nameof(Ticket.MergedInto), nameof(Ticket.FollowUpOf), nameof(Ticket.FollowUpId), nameof(Ticket.Links));

    private static readonly JsonNames ReplyNames = new(nameof(Ticket.Reply.Id), nameof(Ticket.Reply.Message), nameof(Ticket.Reply.CreatedAt), nameof(Ticket.Reply.AuthorId), nameof(Ticket.Reply.CorrectedAt));
    private static readonly JsonNames AgentNames = new(nameof(AgentState.State), nameof(AgentState.Reason), nameof(AgentState.Advisor), nameof(AgentState.At));
    private static readonly JsonNames LinkNames = new(nameof(Ticket.Link.Id), nameof(Ticket.Link.Number), nameof(Ticket.Link.Kind));

    private readonly JsonParts ticket = JsonParts.Of(json, Names);

    public int Version => version;

    public ReadOnlyMemory<byte> Json => json;

    public Guid AuthorId => ticket.Id(nameof(Ticket.AuthorId))!.Value;

    /// <inheritdoc cref="Ticket.IsVisibleTo"/>
    public bool IsVisibleTo(CurrentUser user) => ticket.Has(nameof(Ticket.DeletedAt)) ? user.Role is Roles.Admin : user.IsStaff || user.Id == AuthorId;

    /// <summary>Adds the people whom the ticket shows.</summary>
    /// <param name="replies">So many of the newest replies are shown.</param>
    public void AddPeople(HashSet<Guid> people, int replies)
    {
        people.Add(AuthorId);
        if (ticket.Id(nameof(Ticket.AssigneeId)) is { } assignee)
            people.Add(assignee);
        if (ticket.Id(nameof(Ticket.CompletedById)) is { } completer)
            people.Add(completer);
        foreach (var reply in Replies(replies))
            people.Add(JsonParts.Of(reply, ReplyNames).Id(nameof(Ticket.Reply.AuthorId))!.Value);
    }

    /// <inheritdoc cref="TicketView.Of"/>
    /// <param name="showLinks">Whether the tickets that have to do with this one are shown.</param>
    public void Write(Utf8JsonWriter writer, bool showNotes, bool showLinks, IReadOnlyDictionary<Guid, string> names, int replies, DateTimeOffset now)
    {
        writer.WriteStartObject();
        ticket.Copy(writer, nameof(Ticket.Id), nameof(Ticket.Number), nameof(Ticket.Title), nameof(Ticket.Description), nameof(Ticket.Status), nameof(Ticket.Priority), nameof(Ticket.Category));
        ticket.CopyTime(writer, nameof(Ticket.Deadline));
        WritePerson(writer, "createdBy"u8, AuthorId, names);
        WritePerson(writer, "assignedTo"u8, ticket.Id(nameof(Ticket.AssigneeId)), names);
        if (showNotes)
            ticket.Copy(writer, nameof(Ticket.HelpfulNotes));
        else
            writer.WriteString("helpfulNotes"u8, ""u8);

        writer.WriteStartArray("relatedSkills"u8);
        foreach (var skill in ticket.Items(nameof(Ticket.RelatedSkills)))
            writer.WriteRawValue(skill.Span, skipInputValidation: true);

        writer.WriteEndArray();
        writer.WriteStartArray("replies"u8);
        foreach (var reply in Replies(replies))
            WriteReply(writer, JsonParts.Of(reply, ReplyNames), names);

        writer.WriteEndArray();
        ticket.Copy(writer, nameof(Ticket.ReplyCount));
        ticket.CopyTime(writer, nameof(Ticket.CreatedAt));
        ticket.CopyTime(writer, nameof(Ticket.UpdatedAt));
        writer.WriteNumber("version"u8, version);
        WriteAgent(writer, showNotes);
        writer.WriteBoolean("overdue"u8, ticket.Time(nameof(Ticket.Deadline)) < now && !ticket.Is(nameof(Ticket.Status), Status.Completed));
        ticket.CopyTime(writer, nameof(Ticket.CompletedAt));
        WritePerson(writer, "completedBy"u8, ticket.Id(nameof(Ticket.CompletedById)), names);
        if (ticket.Has(nameof(Ticket.DeletedAt)))
            ticket.CopyTime(writer, nameof(Ticket.DeletedAt));
        CopyIfSet(writer, "mergedInto"u8, nameof(Ticket.MergedInto));
        CopyIfSet(writer, "followUpOf"u8, nameof(Ticket.FollowUpOf));
        CopyIfSet(writer, "followUp"u8, nameof(Ticket.FollowUpId));
        if (showLinks)
            WriteLinks(writer);

        ticket.Copy(writer, "_id"u8, nameof(Ticket.Id));
        writer.WriteEndObject();
    }

    private IEnumerable<ReadOnlyMemory<byte>> Replies(int newest) => ticket.Items(nameof(Ticket.Replies)).TakeLast(newest);

    private void CopyIfSet(Utf8JsonWriter writer, ReadOnlySpan<byte> name, string member)
    {
        if (ticket.Has(member))
            ticket.Copy(writer, name, member);
    }

    private static void WriteReply(Utf8JsonWriter writer, JsonParts reply, IReadOnlyDictionary<Guid, string> names)
    {
        writer.WriteStartObject();
        reply.Copy(writer, nameof(Ticket.Reply.Id), nameof(Ticket.Reply.Message));
        reply.CopyTime(writer, nameof(Ticket.Reply.CreatedAt));
        WritePerson(writer, "createdBy"u8, reply.Id(nameof(Ticket.Reply.AuthorId)), names);
        if (reply.Has(nameof(Ticket.Reply.CorrectedAt)))
            reply.CopyTime(writer, nameof(Ticket.Reply.CorrectedAt));
        reply.Copy(writer, "_id"u8, nameof(Ticket.Reply.Id));
        writer.WriteEndObject();
    }

    // Why it is so and who advised is for staff, like the notes.
    private void WriteAgent(Utf8JsonWriter writer, bool showNotes)
    {
        var agent = JsonParts.Of(ticket[nameof(Ticket.Agent)], AgentNames);
        writer.WriteStartObject("ai"u8);
        if (agent.Has(nameof(AgentState.State)))
            agent.Copy(writer, nameof(AgentState.State));
        else
            writer.WriteString("state"u8, AgentState.Off);
        if (showNotes)
        {
            agent.Copy(writer, nameof(AgentState.Reason), nameof(AgentState.Advisor));
        }
        else
        {
            writer.WriteNull("reason"u8);
            writer.WriteNull("advisor"u8);
        }

        agent.CopyTime(writer, nameof(AgentState.At));
        writer.WriteEndObject();
    }

    private void WriteLinks(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("links"u8);
        foreach (var item in ticket.Items(nameof(Ticket.Links)))
        {
            var link = JsonParts.Of(item, LinkNames);
            writer.WriteStartObject();
            link.Copy(writer, nameof(Ticket.Link.Id), nameof(Ticket.Link.Number), nameof(Ticket.Link.Kind));
            link.Copy(writer, "_id"u8, nameof(Ticket.Link.Id));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WritePerson(Utf8JsonWriter writer, ReadOnlySpan<byte> name, Guid? person, IReadOnlyDictionary<Guid, string> names)
    {
        if (person is not { } id)
        {
            writer.WriteNull(name);
            return;
        }

        writer.WriteStartObject(name);
        writer.WriteString("id"u8, id);
        writer.WriteString("name"u8, names[id]);
        writer.WriteString("_id"u8, id);
        writer.WriteEndObject();
    }
}
