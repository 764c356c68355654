using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.History;

namespace TicMate.Tests.Tickets.History;

public sealed class ChangesTests
{
    [Fact]
    public void A_new_ticket_shows_all_it_came_with_and_nothing_else() => Past.Of()[0].Shown().ShouldBe(
    [
        ("number", null, 7), ("createdBy", null, new Who(Past.Owner)), ("title", null, "Printer"), ("description", null, "It burns."),
        ("status", null, "todo"), ("priority", null, "medium"),
    ]);

    [Fact]
    public void Each_event_shows_what_it_changed_and_what_was_there_before()
    {
        var (due, reply) = (Past.Start.AddDays(9), Guid.CreateVersion7());
        var past = Past.Of(
            new TicketEdited(Past.TicketId, Past.Owner, "Laser printer", null, "hardware"), new TicketPrioritised(Past.TicketId, Past.Mo, "urgent"),
            Advice.Triaged(Past.TicketId, "built-in", "low", ["fire"], "Call 112.", "Burns"), new TicketDeadlineMoved(Past.TicketId, Past.Mo, due),
            new TicketDeadlineNeared(Past.TicketId, due), new TicketAssigned(Past.TicketId, Past.Mo, null, [], "r"), new TicketUnassigned(Past.TicketId, Past.Mo, "r", Past.Mo),
            new TicketReplied(Past.TicketId, reply, Past.Owner, "Helo"), new TicketReplyCorrected(Past.TicketId, reply, Past.Owner, "Hello"),
            new TicketReplyWithdrawn(Past.TicketId, reply, Past.Owner), new TicketDeleted(Past.TicketId, Past.Owner, null), new TicketPrioritised(Past.TicketId, Past.Mo, "urgent"));

        past[1].Shown().ShouldBe([("title", "Printer", "Laser printer"), ("category", "", "hardware")]);
        past[2].Shown().ShouldBe([("priority", "medium", "urgent")]);
        past[3].Shown().Select(c => c.Field).ShouldBe(["relatedSkills", "helpfulNotes", "summary", "triagedBy"]);
        past[4].Shown().ShouldBe([("deadline", null, due)]);
        past[5].Shown().ShouldBe([("deadlineStage", null, "near")]);
        past[6].Shown().ShouldBe([("assignedTo", null, new Who(Past.Mo))]);
        past[7].Shown().Select(c => c.Field).ShouldBe(["assignedTo", "releasedBy"]);
        past[8].Shown().ShouldBe([("reply", null, "Helo")]);
        past[9].Shown().ShouldBe([("reply", "Helo", "Hello")]);
        past[10].Shown().ShouldBe([("reply", "Hello", null)]);
        past[11].Shown().ShouldBe([("deletedAt", null, Past.Start.AddHours(11))]);
        past[12].Shown().ShouldBeEmpty();
        past[9].Changes[0].ReplyId.ShouldBe(reply);
        past.Select(m => m.Version).ShouldBe(Enumerable.Range(1, 13));
    }

    [Fact]
    public void A_reply_too_old_for_the_document_still_has_its_history()
    {
        var first = Guid.CreateVersion7();
        var past = Past.Of(
        [
            new TicketReplied(Past.TicketId, first, Past.Owner, "first"),
            .. Enumerable.Range(0, Ticket.RepliesKept).Select(n => new TicketReplied(Past.TicketId, Guid.CreateVersion7(), Past.Owner, $"{n}")),
            new TicketReplyWithdrawn(Past.TicketId, first, Past.Owner),
        ]);

        past[^2].Shown().ShouldBe([("reply", null, "99")]);
        past[^1].Shown().ShouldBe([("reply", "first", null)]);
    }

    [Fact]
    public void What_came_back_to_where_it_was_is_no_difference_between_two_versions()
    {
        var past = Past.Of(new TicketSkillsRecorded(Past.TicketId, ["a"]), new TicketSkillsRecorded(Past.TicketId, ["b"]), new TicketSkillsRecorded(Past.TicketId, ["a"]));

        Changes.Between(past[1].After, past[3].After).ShouldBeEmpty();
        Changes.Between(past[3].After, past[2].After).Select(c => (c.Before, c.After)).Single().ShouldBe((past[3].After.Ticket.RelatedSkills, past[2].After.Ticket.RelatedSkills));
    }

    [Fact]
    public void Staff_fields_are_not_for_owners_and_notes_are_where_they_are_shared()
    {
        string[] Hidden(Readers reader) => [.. Changes.Fields.Where(f => !f.IsFor(reader)).Select(f => f.Name)];

        Hidden(Readers.Everyone).ShouldBe(["deadlineStage", "releasedBy", "helpfulNotes", "summary", "triagedBy", "merged", "links"]);
        Hidden(Readers.OfNotes).ShouldBe(["deadlineStage", "releasedBy", "summary", "triagedBy", "merged", "links"]);
        Hidden(Readers.Staff).ShouldBeEmpty();
    }

    [Fact]
    public void Types_are_the_names_of_the_events_in_kebab_case()
    {
        Moment.Types.Count.ShouldBe(typeof(TicketCreated).Assembly.GetTypes().Count(t => t.Namespace == typeof(TicketCreated).Namespace && t.Name.StartsWith("Ticket", StringComparison.Ordinal) && t.GetProperty("TicketId") is not null));
        Moment.Types.ShouldContain("ticket-reply-corrected");
    }

    [Theory]
    [InlineData("0192f0c1-0000-7000-8000-000000000001", "person", "0192f0c1-0000-7000-8000-000000000001")]
    [InlineData("0192f0c1-0000-7000-8000-000000000001 key:0192f0c1-0000-7000-8000-000000000002", "api-key", "0192f0c1-0000-7000-8000-000000000001")]
    [InlineData("agent:built-in", "ai", "agent:built-in")]
    [InlineData("system:hand-on", "system", "system:hand-on")]
    [InlineData("command:import", "system", "command:import")]
    [InlineData("somebody", "system", "somebody")]
    [InlineData("", "system", null)]
    [InlineData(null, "system", null)]
    public void Who_acted_is_read_off_the_events_user_name(string? userName, string kind, string? id) => (Actor.Of(userName).Kind, Actor.Of(userName).Id).ShouldBe((kind, id));

    [Fact]
    public void An_actors_name_can_be_read_back()
    {
        var (person, key) = (Guid.CreateVersion7(), Guid.CreateVersion7());

        (Actor.Of(Actor.NameOf(person, key)).PersonId, Actor.Of(Actor.NameOf(person, key)).ApiKeyId).ShouldBe((person, key));
        (Actor.Of(Actor.NameOf(person, null)).PersonId, Actor.Of(Actor.NameOf(person, null)).ApiKeyId).ShouldBe((person, null));
        (Actor.Of("agent:gemini:flash").Name, Actor.Of("agent:gemini:flash").PersonId).ShouldBe(("gemini:flash", null));
    }
}
