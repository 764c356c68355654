using Marten.Schema;
using Weasel.Postgresql.Tables;

namespace TicMate.Tickets.Searching;

/// <summary>
/// The columns that lists sort and filter by, and their indexes. docs/lists.md says which list uses which; every one costs each change of
/// a ticket, so none is there without a list.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ListColumnsAttribute : MartenAttribute
{
    public override void Modify(DocumentMapping mapping)
    {
        foreach (var member in new[]
        {
            nameof(Ticket.Number), nameof(Ticket.AuthorId), nameof(Ticket.AssigneeId), nameof(Ticket.Status), nameof(Ticket.IsOpen), nameof(Ticket.Urgency),
            nameof(Ticket.Category), nameof(Ticket.SkillKeys),
            nameof(Ticket.CreatedAt), nameof(Ticket.UpdatedAt), nameof(Ticket.Due), nameof(Ticket.CompletedAt), nameof(Ticket.DeletedAt), nameof(Ticket.Listed),
        })
            mapping.DuplicateField(member);

        Index("one_ticket_per_number", "number").IsUnique = true;
        Index("tickets_by_age", "is_open", "created_at", "number");
        Index("tickets_by_change", "is_open", "updated_at", "number");
        Index("tickets_by_urgency", "is_open", "urgency", "number");
        Index("tickets_by_deadline", "is_open", "due", "number");
        Index("tickets_of_category", "category", "created_at", "number");
        Index("tickets_of_assignee", "assignee_id", "created_at", "number");
        Index("open_tickets_of_assignee", "assignee_id", "urgency", "number").Predicate = "is_open";
        Index("tickets_by_skill", "skill_keys").Method = IndexMethod.gin;
        Index("completed_tickets", "completed_at").Predicate = "completed_at is not null";
        Index("deleted_tickets", "deleted_at").Predicate = "deleted_at is not null";

        // What the summary counts is in the index itself.
        Index("tickets_of_author", "author_id", "created_at", "number").IncludeColumns = ["status", "deleted_at"];

        IndexDefinition Index(string name, params string[] columns)
        {
            var index = new IndexDefinition(name) { Columns = columns };
            mapping.Indexes.Add(index);
            return index;
        }
    }
}
