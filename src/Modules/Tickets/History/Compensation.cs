using TicMate.Identity.Contracts;
using TicMate.Tickets.Assignment;
using TicMate.Tickets.Contracts;

namespace TicMate.Tickets.History;

/// <summary>What takes back what one event did. It is appended like any other change: nothing that happened is taken away.</summary>
public static class Compensation
{
    /// <summary>The fields that undoing an event of this kind would put back; none when it cannot be undone.</summary>
    public static string[] FieldsOf(object data) => data switch
    {
        TicketEdited => ["title", "description", "category"],
        TicketDeadlineMoved => ["deadline"],
        TicketPrioritised => ["priority"],
        TicketSkillsRecorded => ["relatedSkills"],
        TicketNotesRewritten => ["helpfulNotes"],
        TicketTriaged or TicketTriageUndone => ["priority", "category", "relatedSkills", "helpfulNotes", "summary"],
        TicketProposalAccepted or TicketProposalRejected => ["priority", "category", "relatedSkills", "helpfulNotes"],
        TicketStatusChanged => ["status"],
        TicketAssigned or TicketUnassigned => ["assignedTo"],
        TicketDeleted or TicketRestored => ["deletedAt"],
        _ => [],
    };

    /// <summary>The first later event that changed a field which the undone one changed, even if it changed it back.</summary>
    public static (string Field, int Version)? Conflict(Moment undone, IEnumerable<Moment> later)
    {
        var fields = Changed(undone).ToArray();
        foreach (var moment in later)
            if (moment.Changes.FirstOrDefault(change => fields.Contains(change.Field.Name)) is { } change)
                return (change.Field.Name, moment.Version);

        return null;
    }

    /// <summary>Whether there is anything that an undo would put back, and it has not been erased.</summary>
    public static bool CanUndo(Moment undone) =>
        undone.Changes.Where(change => FieldsOf(undone.Event.Data).Contains(change.Field.Name)).ToArray() is { Length: > 0 } changes
        && changes.All(change => change.Before is not Ticket.Erased);

    /// <param name="now">The ticket as it is; none of the fields to put back has changed since.</param>
    /// <param name="assignee">Whose work it shall be again, if anybody's.</param>
    public static IEnumerable<object> Of(Moment undone, Ticket now, CurrentUser user, User? assignee)
    {
        var (before, id) = (undone.Before!.Ticket, now.Id);
        return undone.Event.Data switch
        {
            TicketEdited => Words(Changed(undone).ToHashSet(), before, id, user.Id),
            TicketDeadlineMoved => [new TicketDeadlineMoved(id, user.Id, before.Deadline)],
            TicketPrioritised => [new TicketPrioritised(id, user.Id, before.Priority)],
            TicketSkillsRecorded => [new TicketSkillsRecorded(id, before.RelatedSkills, user.Id)],
            TicketNotesRewritten => [new TicketNotesRewritten(id, before.NotesById ?? user.Id, before.HelpfulNotes)],
            TicketTriaged or TicketTriageUndone => [Advice(Changed(undone).ToHashSet(), before, now, user.Id)],
            TicketProposalAccepted or TicketProposalRejected => Field(Changed(undone).Single(), before, id, user.Id),
            TicketStatusChanged => [new TicketStatusChanged(id, user.Id, now.Status, before.Status, now.AssigneeId)],
            TicketAssigned or TicketUnassigned when assignee is not null =>
                [new TicketAssigned(id, assignee.Id, user.Id, SkillMatch.Matched(assignee.Skills, now.RelatedSkills), Reason, now.AssigneeId, now.IsOpen)],
            TicketAssigned => [new TicketUnassigned(id, now.AssigneeId!.Value, Reason, user.Id, now.IsOpen)],
            TicketDeleted => [new TicketRestored(id, user.Id, now.IsOpen ? now.AssigneeId : null)],
            TicketRestored => [new TicketDeleted(id, user.Id, now.IsOpen ? now.AssigneeId : null)],
            _ => [],
        };
    }

    private const string Reason = "A person undid an earlier change.";

    private static IEnumerable<string> Changed(Moment undone) =>
        undone.Changes.Select(change => change.Field.Name).Intersect(FieldsOf(undone.Event.Data));

    // Words belong to who wrote them, not to who brings them back: they are erased with their writer.
    private static IEnumerable<object> Words(HashSet<string> changed, Ticket before, Guid id, Guid byId) =>
        new (string Field, Guid WriterId, Func<TicketEdited, TicketEdited> Restore)[]
        {
            ("title", before.TitleById, e => e with { Title = before.Title }),
            ("description", before.DescriptionById, e => e with { Description = before.Description }),
            ("category", changed.Contains("title") ? before.TitleById : changed.Contains("description") ? before.DescriptionById : byId,
                e => e with { Category = before.Category }),
        }
        .Where(word => changed.Contains(word.Field))
        .GroupBy(word => word.WriterId)
        .Select(words => words.Aggregate(new TicketEdited(id, words.Key, null, null, null), (e, word) => word.Restore(e)));

    private static object[] Field(string changed, Ticket before, Guid id, Guid byId) => changed switch
    {
        "priority" => [new TicketPrioritised(id, byId, before.Priority)],
        "category" => [new TicketEdited(id, byId, null, null, before.Category)],
        "relatedSkills" => [new TicketSkillsRecorded(id, before.RelatedSkills, byId)],
        _ => [new TicketNotesRewritten(id, before.NotesById ?? byId, before.HelpfulNotes)],
    };

    private static TicketTriageUndone Advice(HashSet<string> changed, Ticket before, Ticket now, Guid byId)
    {
        Ticket Where(string field) => changed.Contains(field) ? before : now;

        return new(
            now.Id, byId, Where("priority").Priority, Where("relatedSkills").RelatedSkills, Where("helpfulNotes").HelpfulNotes, Where("summary").Summary,
            Where("category").Category);
    }
}
