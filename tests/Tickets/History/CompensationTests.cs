using JasperFx.Events;
using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.History;
using TicMate.Tickets.Lifecycle;

namespace TicMate.Tests.Tickets.History;

public sealed class CompensationTests
{
    private static readonly Guid Id = Past.TicketId, Other = Guid.CreateVersion7(), Reply = Guid.CreateVersion7();
    private static readonly DateTimeOffset Due = Past.Start.AddDays(9);
    private static readonly CurrentUser Mo = new(Past.Mo, Roles.Moderator, Guid.Empty), Admin = new(Other, Roles.Admin, Guid.Empty), Owner = new(Past.Owner, Roles.User, Guid.Empty);
    private static readonly User Ben = new() { Id = Past.Ben, Role = Roles.Moderator, Skills = ["fire"] };

    // What happened before, what is undone, and what takes it back; nothing where it cannot be undone.
    private static readonly (object[] Before, object Undone, object[] Compensation)[] Table =
    [
        ([], new TicketEdited(Id, Past.Mo, "a", null, "c"), [new TicketEdited(Id, Past.Owner, "Printer", null, "")]),
        ([new TicketEdited(Id, Past.Ben, "b", null, null)], new TicketEdited(Id, Past.Mo, "a", "a", null),
            [new TicketEdited(Id, Past.Ben, "b", null, null), new TicketEdited(Id, Past.Owner, null, "It burns.", null)]),
        ([], new TicketDeadlineMoved(Id, Past.Mo, Due), [new TicketDeadlineMoved(Id, Past.Mo, null)]),
        ([new TicketDeadlineMoved(Id, Past.Mo, Due)], new TicketDeadlineMoved(Id, Past.Mo, null), [new TicketDeadlineMoved(Id, Past.Mo, Due)]),
        ([], new TicketPrioritised(Id, Past.Ben, "urgent"), [new TicketPrioritised(Id, Past.Mo, "medium")]),
        ([], new TicketPrioritised(Id, Past.Ben, "medium"), []),
        ([], new TicketSkillsRecorded(Id, ["a"], Past.Ben), [new TicketSkillsRecorded(Id, [], Past.Mo)]),
        ([], new TicketNotesRewritten(Id, Past.Ben, "n"), [new TicketNotesRewritten(Id, Past.Mo, "")]),
        ([new TicketNotesRewritten(Id, Past.Owner, "n")], new TicketNotesRewritten(Id, Past.Ben, "m"), [new TicketNotesRewritten(Id, Past.Owner, "n")]),
        ([], Advice.Triaged(Id, "built-in", "high", ["fire"], "n", "s"), [new TicketTriageUndone(Id, Past.Mo, "medium", [], "", "")]),
        ([Advice.Triaged(Id, "built-in", "high", ["fire"], "n", "s")], new TicketTriageUndone(Id, Past.Ben, "medium", [], "", ""),
            [new TicketTriageUndone(Id, Past.Mo, "high", ["fire"], "n", "s")]),
        ([new TicketAssigned(Id, Past.Ben, null, [], "r")], new TicketStatusChanged(Id, null, "todo", "completed", Past.Ben), [new TicketStatusChanged(Id, Past.Mo, "completed", "todo", Past.Ben)]),
        ([], new TicketAssigned(Id, Past.Owner, null, [], "r"), [new TicketUnassigned(Id, Past.Owner, "*", Past.Mo)]),
        ([new TicketAssigned(Id, Past.Ben, null, [], "r"), new TicketSkillsRecorded(Id, ["fire"])], new TicketAssigned(Id, Past.Owner, null, [], "r", Past.Ben),
            [new TicketAssigned(Id, Past.Ben, Past.Mo, ["fire"], "*", Past.Owner)]),
        ([new TicketAssigned(Id, Past.Ben, null, [], "r")], new TicketUnassigned(Id, Past.Ben, "r"), [new TicketAssigned(Id, Past.Ben, Past.Mo, [], "*")]),
        ([new TicketAssigned(Id, Past.Ben, null, [], "r")], new TicketDeleted(Id, Past.Owner, Past.Ben), [new TicketRestored(Id, Past.Mo, Past.Ben)]),
        ([new TicketAssigned(Id, Past.Ben, null, [], "r"), new TicketDeleted(Id, Past.Owner, Past.Ben)], new TicketRestored(Id, Past.Owner, Past.Ben), [new TicketDeleted(Id, Past.Mo, Past.Ben)]),
        ([], new TicketReplied(Id, Reply, Past.Owner, "x"), []),
        ([new TicketReplied(Id, Reply, Past.Owner, "x")], new TicketReplyCorrected(Id, Reply, Past.Owner, "y"), []),
        ([new TicketReplied(Id, Reply, Past.Owner, "x")], new TicketReplyWithdrawn(Id, Reply, Past.Owner), []),
        ([], new TicketDeadlineNeared(Id, Due), []),
        ([], new TicketDeadlinePassed(Id, Due), []),
        ([], new TicketLeftUnassigned(Id, "r"), []),
        ([], new TicketFollowedUp(Id, Other), []),
        ([], new TicketMerged(Id, Other, Past.Mo, "r", null), []),
        ([new TicketMerged(Id, Other, Past.Mo, "r", null)], new TicketUnmerged(Id, Other, Past.Mo, null), []),
        ([], new TicketAbsorbed(Id, Other, Past.Mo, "r"), []),
        ([new TicketAbsorbed(Id, Other, Past.Mo, "r")], new TicketSeparated(Id, Other, Past.Mo), []),
        ([], new TicketLinked(Id, Other, 8, "blocks", Past.Mo), []),
        ([new TicketLinked(Id, Other, 8, "blocks", Past.Mo)], new TicketUnlinked(Id, Other, Past.Mo), []),
        ([], new TicketWritingErased(Id, Past.Owner), []),
        ([], new TicketErased(Id), []),
        ([], new TicketTriageRequested(Id, Past.Mo, "r"), []),
        ([], new TicketTriageFailed(Id, "r", 1), []),
        ([Advice.Triaged(Id, "built-in", "high", [], "n", "s")], new TicketProposalAccepted(Id, Past.Mo, "priority", ["urgent"], true), [new TicketPrioritised(Id, Past.Mo, "high")]),
        ([Advice.Triaged(Id, "built-in", "high", [], "n", "s")], new TicketProposalRejected(Id, Past.Mo, "priority", ["medium"]), [new TicketPrioritised(Id, Past.Mo, "high")]),
        ([Advice.Triaged(Id, "built-in", "high", [], "n", "s")], new TicketProposalAccepted(Id, Past.Mo, "summary", ["t"], true), []),
    ];

    [Fact]
    public void Each_kind_of_event_is_taken_back_by_its_own_kind_or_not_at_all()
    {
        foreach (var (before, undone, expected) in Table)
        {
            var moment = Past.Of([.. before, undone])[^1];
            var events = Compensation.CanUndo(moment) ? Compensation.Of(moment, moment.After.Ticket, Mo, moment.Before!.Ticket.AssigneeId is null ? null : Ben).ToArray() : [];

            events.Select(Text).ShouldBe(expected.Select(Text), $"{undone}");
            if (events.Length > 0)
                Undone(moment, Past.Of([.. before, undone, .. events])[^1]).ShouldBeEmpty($"{undone}");
        }

        Compensation.CanUndo(Past.Of()[0]).ShouldBeFalse();
        Table.Select(row => row.Undone.GetType()).Distinct().Count().ShouldBe(Moment.Types.Count - 1);
    }

    [Fact]
    public void Words_that_were_erased_do_not_come_back()
    {
        var edit = new TicketEdited(Id, Past.Mo, "a", null, null);
        var past = Moment.Of([.. Past.Of(edit).Select(m => m.Event.Data is TicketCreated created ? m.Event.WithData(created with { Title = Ticket.Erased }) : m.Event)]);

        Compensation.CanUndo(past[1]).ShouldBeFalse();
    }

    [Fact]
    public void Undoing_advice_leaves_alone_what_a_person_set_before_it()
    {
        var past = Past.Of(
            new TicketPrioritised(Id, Past.Mo, "low"), Advice.Triaged(Id, "built-in", "high", ["fire"], "n", "s"), new TicketPrioritised(Id, Past.Mo, "urgent"));

        Compensation.Conflict(past[2], past.Skip(3)).ShouldBeNull();
        Compensation.Of(past[2], past[3].After.Ticket, Mo, null).Cast<TicketTriageUndone>().Single().Priority.ShouldBe("urgent");
    }

    [Fact]
    public void A_later_change_of_the_same_field_is_a_conflict_even_if_it_came_back_to_the_same_value()
    {
        var past = Past.Of(
            new TicketPrioritised(Id, Past.Mo, "low"), new TicketEdited(Id, Past.Mo, "a", null, null), new TicketPrioritised(Id, Past.Mo, "low"),
            new TicketPrioritised(Id, Past.Mo, "high"), new TicketPrioritised(Id, Past.Mo, "low"));

        Compensation.Conflict(past[1], past.Skip(2)).ShouldBe(("priority", 5));
        Compensation.Conflict(past[2], past.Skip(3)).ShouldBeNull();
    }

    [Fact]
    public void Who_could_do_it_by_hand_may_undo_it()
    {
        (int Owner, int Mo, int Admin) For(params object[] events)
        {
            var past = Past.Of(events);
            int Status(CurrentUser user) => UndoChangeEndpoint.Validate(
                new UndoChange(past.Count), past[^1].After.Ticket, new Undoing(past[^1], [], Ben), user, IfMatch.Anything, past[^1].Event.Timestamp.AddDays(1)).Status ?? 200;

            return (Status(Owner), Status(Mo), Status(Admin));
        }

        var (completed, deleted) = (new TicketStatusChanged(Id, null, "todo", "completed", null), new TicketDeleted(Id, Past.Owner, null));
        For(new TicketEdited(Id, Past.Mo, "a", null, null)).ShouldBe((200, 200, 200));
        For(new TicketDeadlineMoved(Id, Past.Mo, Due)).ShouldBe((200, 200, 200));
        For(completed, new TicketEdited(Id, Past.Mo, "a", null, null)).ShouldBe((409, 200, 200));
        For(completed).ShouldBe((200, 200, 200));
        For(completed, new TicketStatusChanged(Id, null, "completed", "todo", null)).ShouldBe((200, 200, 200));
        For(new TicketStatusChanged(Id, null, "todo", "waiting", null)).ShouldBe((403, 200, 200));
        For(new TicketStatusChanged(Id, null, "todo", "waiting", null), new TicketStatusChanged(Id, null, "waiting", "completed", null)).ShouldBe((409, 409, 409));
        For(new TicketPrioritised(Id, Past.Mo, "low")).ShouldBe((403, 200, 200));
        For(new TicketSkillsRecorded(Id, ["a"])).ShouldBe((403, 200, 200));
        For(new TicketNotesRewritten(Id, Past.Mo, "n")).ShouldBe((403, 200, 200));
        For(Advice.Triaged(Id, "built-in", "low", [], "", "")).ShouldBe((403, 200, 200));
        For(new TicketAssigned(Id, Past.Mo, null, [], "r")).ShouldBe((403, 200, 200));
        For(deleted).ShouldBe((200, 404, 200));
        For(deleted, new TicketRestored(Id, Past.Owner, null)).ShouldBe((200, 403, 200));
        For(new TicketReplied(Id, Reply, Past.Owner, "x")).ShouldBe((409, 409, 409));
        For().ShouldBe((409, 409, 409));
    }

    [Fact]
    public void A_deletion_can_be_undone_for_a_month_and_a_ticket_does_not_go_back_to_who_left()
    {
        string? Code(object undone, User? assignee, int daysLater, params object[] before)
        {
            var past = Past.Of([.. before, undone]);
            var problem = UndoChangeEndpoint.Validate(
                new UndoChange(past.Count), past[^1].After.Ticket, new Undoing(past[^1], [], assignee), Admin, IfMatch.Anything, past[^1].Event.Timestamp.AddDays(daysLater));
            return problem.Extensions.TryGetValue("code", out var code) ? (string?)code : null;
        }

        Code(new TicketDeleted(Id, Past.Owner, null), null, 30).ShouldBeNull();
        Code(new TicketDeleted(Id, Past.Owner, null), null, 31).ShouldBe("restore-window-over");
        var assigned = new TicketAssigned(Id, Past.Ben, null, [], "r");
        Code(new TicketUnassigned(Id, Past.Ben, "r"), Ben, 0, assigned).ShouldBeNull();
        Code(new TicketUnassigned(Id, Past.Ben, "r"), Ben with { IsActive = false }, 0, assigned).ShouldBe("assignee-unavailable");
        Code(new TicketUnassigned(Id, Past.Ben, "r"), null, 0, assigned).ShouldBe("assignee-unavailable");
        Code(new TicketMerged(Id, Other, Past.Mo, "r", null), null, 0).ShouldBe("cannot-be-undone");
        Code(new TicketPrioritised(Id, Past.Mo, "low"), null, 0, new TicketDeleted(Id, Past.Owner, null)).ShouldBe("ticket-deleted");
        Code(new TicketPrioritised(Id, Past.Mo, "low"), null, 0, new TicketMerged(Id, Other, Past.Mo, "r", null)).ShouldBe("ticket-merged");
    }

    // Lists as their elements; why something was done is told in words that are not compared.
    private static string Text(object e) => System.Text.RegularExpressions.Regex.Replace(
        $"{e.GetType().Name} {System.Text.Json.JsonSerializer.Serialize(e, e.GetType())}", "\"Reason\":\"[^\"]*\"", "");

    // Deleted again is deleted later.
    private static IEnumerable<string> Undone(Moment undone, Moment last) =>
        Changes.Between(undone.Before, last.After).Where(c => c.Before is null || c.After is null || c.Field.Name != "deletedAt").Select(c => c.Field.Name).Intersect(Compensation.FieldsOf(undone.Event.Data));
}
