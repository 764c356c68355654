using System.Collections;
using System.Collections.Frozen;

namespace TicMate.Tickets.History;

/// <summary>Who may see a field of a ticket's past.</summary>
public enum Readers
{
    Everyone,

    /// <summary>Staff, and the owner where the notes are shared with owners.</summary>
    OfNotes,
    Staff,
}

/// <summary>A field of a ticket as its past shows it.</summary>
public sealed record TicketField(string Name, Func<Ticket, object?> Read, Readers Readers = Readers.Everyone)
{
    public bool IsFor(Readers reader) => Readers is Readers.Everyone || reader is Readers.Staff || reader == Readers;
}

/// <summary>A person in a field: shown with the name they have now.</summary>
public sealed record Who(Guid Id)
{
    public static Who? Of(Guid? id) => id is { } person ? new Who(person) : null;
}

/// <param name="ReplyId">Which reply, when it is one that changed.</param>
public sealed record FieldChange(TicketField Field, object? Before, object? After, Guid? ReplyId = null);

/// <summary>What is different between two moments of a ticket's life. History, diff and undo all ask this.</summary>
public static class Changes
{
    public static readonly TicketField Reply = new("reply", _ => null);

    /// <summary>All that the past shows of a ticket, besides its replies. A new field of a ticket needs a line here and nothing else.</summary>
    public static readonly IReadOnlyList<TicketField> Fields =
    [
        new("number", t => t.Number),
        new("createdBy", t => new Who(t.AuthorId)),
        new("title", t => t.Title),
        new("description", t => t.Description),
        new("status", t => t.Status),
        new("priority", t => t.Priority),
        new("category", t => t.Category),
        new("deadline", t => t.Deadline),
        new("deadlineStage", t => t.DeadlineStage is DeadlineStage.Ahead ? null : t.DeadlineStage.ToString().ToLowerInvariant(), Readers.Staff),
        new("assignedTo", t => Who.Of(t.AssigneeId)),
        new("releasedBy", t => t.ReleasedBy.Select(id => new Who(id)).ToArray(), Readers.Staff),
        new("relatedSkills", t => t.RelatedSkills),
        new("helpfulNotes", t => t.HelpfulNotes, Readers.OfNotes),
        new("summary", t => t.Summary, Readers.Staff),
        new("triagedBy", t => t.TriagedBy, Readers.Staff),
        new("followUpOf", t => t.FollowUpOf),
        new("followUp", t => t.FollowUpId),
        new("mergedInto", t => t.MergedInto),
        new("merged", t => t.Merged, Readers.Staff),
        new("links", t => t.Links, Readers.Staff),
        new("deletedAt", t => t.DeletedAt),
    ];

    public static readonly FrozenSet<string> Names = [.. Fields.Select(field => field.Name), Reply.Name];

    /// <param name="before">Null before the ticket was there; then all that it has is new.</param>
    public static IEnumerable<FieldChange> Between(Standing? before, Standing after)
    {
        foreach (var field in Fields)
        {
            var (was, now) = (before is null ? null : field.Read(before.Ticket), field.Read(after.Ticket));
            if (before is null ? !IsNothing(now) : !AreSame(was, now))
                yield return new(field, was, now);
        }

        if (ReferenceEquals(before?.Replies, after.Replies))
            yield break;

        foreach (var (id, message) in after.Replies)
            if (before?.Replies.GetValueOrDefault(id) is var was && was != message)
                yield return new(Reply, was, message, id);

        foreach (var (id, message) in before?.Replies.AsEnumerable() ?? [])
            if (!after.Replies.ContainsKey(id))
                yield return new(Reply, message, null, id);
    }

    private static bool IsNothing(object? value) => value is null or "" or ICollection { Count: 0 };

    private static bool AreSame(object? a, object? b) => a is IEnumerable and not string && b is IEnumerable and not string
        ? ((IEnumerable)a).Cast<object>().SequenceEqual(((IEnumerable)b).Cast<object>()) : Equals(a, b);
}
