using System.Text.Json.Nodes;
using TicMate.Identity.Contracts;
using TicMate.Tests.Fakes;
using TicMate.Tickets;
using TicMate.Tickets.Assignment;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Lifecycle;

namespace TicMate.Tests.Tickets;

public sealed class EditTicketTests(App app) : AppTest(app)
{
    private const string Edit = "/api/tickets/edit-ticket";

    [Fact]
    public async Task Somebody_sends_the_whole_ticket_back_and_only_what_they_changed_is_recorded()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = (Guid)(await ATicket(author))["id"]!;
        var whole = (await Call(moderator, "GET", $"/api/tickets/{id}")).Ticket.AsObject();
        whole["title"] = "The printer still burns";
        whole["priority"] = "urgent";

        var reply = await CallAndSettle(moderator, "PUT", Edit, whole);

        reply.Status.ShouldBe(200);
        ((string?)reply.Ticket["title"], (string?)reply.Ticket["priority"]).ShouldBe(("The printer still burns", "urgent"));
        (await EventsOf(id)).Skip(Triaged).Take(2).ShouldBe(
            [new TicketEdited(id, moderator.Id, "The printer still burns", null, null), new TicketPrioritised(id, moderator.Id, "urgent")]);
    }

    // Created, triaged, left unassigned.
    private const int Triaged = 3;

    [Fact]
    public async Task What_has_not_changed_leaves_no_trace()
    {
        var author = await Someone();
        var id = (Guid)(await ATicket(author))["id"]!;
        var whole = (await Call(author, "GET", $"/api/tickets/{id}")).Ticket;

        var reply = await Call(author, "PUT", Edit, whole);

        reply.Status.ShouldBe(200);
        ((int)reply.Ticket["version"]!).ShouldBe((int)whole["version"]!);
        (await EventsOf(id)).Count.ShouldBe(Triaged);
    }

    [Fact]
    public async Task Two_people_who_change_different_fields_of_the_same_version_both_succeed()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = (Guid)(await ATicket(author))["id"]!;
        var seen = (await Call(moderator, "GET", $"/api/tickets/{id}")).Ticket.ToJsonString();
        var (theirs, mine) = (JsonNode.Parse(seen)!, JsonNode.Parse(seen)!);
        (theirs["title"], mine["description"]) = ("By the owner", "By the moderator");

        (await Call(author, "PUT", Edit, theirs)).Status.ShouldBe(200);
        var second = await Call(moderator, "PUT", Edit, mine);

        ((string?)second.Ticket["title"], (string?)second.Ticket["description"]).ShouldBe(("By the owner", "By the moderator"));
    }

    [Fact]
    public async Task The_same_field_with_a_stale_precondition_is_refused_and_says_what_is_current()
    {
        var author = await Someone();
        var id = (Guid)(await ATicket(author))["id"]!;
        var etag = (await Call(author, "GET", $"/api/tickets/{id}")).Http.Response.Headers.ETag.ToString();

        (await Patch(author, id, new { category = "First" }, etag)).Status.ShouldBe(200);
        var second = (await Patch(author, id, new { category = "Second" }, etag)).ShouldRefuse(412, "stale-version");

        ((int)second.Body["currentVersion"]!).ShouldBe(Triaged + 1);
        (await Load<Ticket>(id))!.Category.ShouldBe("First");
        (await Patch(author, id, new { category = "Third" }, $"\"{Triaged + 1}\"")).Status.ShouldBe(200);
        (await Patch(author, id, new { category = "Fourth" }, "*")).Status.ShouldBe(200);
        foreach (var wrong in new[] { $"W/\"{Triaged + 3}\"", "nonsense", $"{Triaged + 3}", "\"\"" })
            (await Patch(author, id, new { category = "Fifth" }, wrong)).ShouldRefuse(412, "stale-version");
    }

    [Fact]
    public async Task A_date_field_that_shows_less_than_the_deadline_changes_nothing()
    {
        var author = await Someone();
        var id = (await Call(author, "POST", "/api/tickets", new { title = "t", description = "d", deadline = "2030-05-06T10:00:00Z" })).Id("ticket");

        await Call(author, "PUT", Edit, new { _id = id, deadline = "2030-05-06" });
        (await Load<Ticket>(id))!.Deadline.ShouldBe(new DateTimeOffset(2030, 5, 6, 10, 0, 0, TimeSpan.Zero));

        await Call(author, "PUT", Edit, new { _id = id, deadline = "2030-05-07" });
        (await Load<Ticket>(id))!.Deadline.ShouldBe(new DateTimeOffset(2030, 5, 7, 23, 59, 59, TimeSpan.Zero));

        await Call(author, "PUT", Edit, new { _id = id, deadline = "" });
        (await Load<Ticket>(id))!.Deadline.ShouldBeNull();
    }

    [Fact]
    public async Task Owners_cannot_set_what_is_for_staff_and_staff_can()
    {
        var (author, moderator, other) = (await Someone(), await AModerator(), await AModerator());
        var id = (Guid)(await ATicket(author))["id"]!;
        var wanted = new
        {
            ticketId = id, assignedTo = new { _id = other.Id }, helpfulNotes = "Look <b>here</b>", relatedSkills = new[] { "fire", "Fire", "paper" }, priority = "low", status = "waiting",
        };

        (await Call(author, "PUT", Edit, wanted)).Status.ShouldBe(200);
        (await EventsOf(id)).Count.ShouldBe(Triaged);

        var changed = (await CallAndSettle(moderator, "PUT", Edit, wanted)).Ticket;
        ((Guid?)changed["assignedTo"]!["id"], (string?)changed["helpfulNotes"], (string?)changed["priority"], (string?)changed["status"]).ShouldBe((other.Id, "Look here", "low", "waiting"));
        changed["relatedSkills"]!.AsArray().Select(s => (string?)s).ShouldBe(["fire", "paper"]);
        (await App.Smtp.MailFor(other.Email, Ct)).Message.Subject.ShouldNotBeNull().ShouldContain("Assigned to you");

        var taken = (await Call(moderator, "PUT", Edit, new { ticketId = id, assignedTo = "" })).Ticket;
        taken["assignedTo"].ShouldBeNull();
    }

    [Fact]
    public async Task Only_active_staff_can_be_given_a_ticket_and_the_answer_tells_no_more()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = (Guid)(await ATicket(author))["id"]!;

        foreach (var nobody in new object[] { author.Id, Guid.NewGuid(), "xyz", 5, new { name = "x" } })
            (await Call(moderator, "PUT", Edit, new { ticketId = id, assignedTo = nobody, title = "new" })).ShouldFault("assignedTo");

        (await EventsOf(id)).Count.ShouldBe(Triaged);
    }

    [Fact]
    public async Task A_completed_ticket_is_not_the_owners_to_edit_but_staffs()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = (Guid)(await ATicket(author))["id"]!;
        await Call(author, "PUT", $"/api/tickets/status/{id}", new { status = "completed" });

        (await Patch(author, id, new { title = "new" })).ShouldRefuse(409, "ticket-completed");
        var illegal = (await Patch(moderator, id, new { title = "new", status = "waiting" })).ShouldRefuse(409, "illegal-status");
        illegal.Body["allowed"]!.AsArray().Count.ShouldBe(2);
        (await Load<Ticket>(id))!.Title.ShouldBe("The printer is on fire");

        (await Patch(moderator, id, new { title = "By staff" })).Status.ShouldBe(200);
        var reopened = await Patch(author, id, new { title = "By the owner", status = "open" });
        ((string?)reopened.Ticket["title"], (string?)reopened.Ticket["status"]).ShouldBe(("By the owner", "todo"));
    }

    [Fact]
    public async Task An_old_version_gives_an_owner_no_rights_that_the_ticket_as_it_is_does_not()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = (Guid)(await ATicket(author))["id"]!;
        await Call(moderator, "PUT", $"/api/tickets/status/{id}", new { status = "completed" });

        (await Patch(author, id, new { version = Triaged, title = "new", status = "completed" })).ShouldRefuse(409, "ticket-completed");

        await Call(moderator, "PUT", $"/api/tickets/status/{id}", new { status = "todo" });
        foreach (var status in new[] { "in_progress", "waiting" })
            ((string?)(await Patch(author, id, new { version = Triaged + 1, status })).Ticket["status"]).ShouldBe("todo");
    }

    [Fact]
    public async Task A_version_that_cannot_be_one_is_refused_so_that_nothing_is_lost_by_it()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = (Guid)(await ATicket(author))["id"]!;
        await Patch(moderator, id, new { title = "By the moderator" });

        foreach (var version in new object[] { "3", 3.5, "x", new[] { 3 }, 0, -1, 99 })
            (await Patch(author, id, new { version, title = "The printer is on fire", category = "c" })).ShouldFault("version");
        (await Load<Ticket>(id))!.Title.ShouldBe("By the moderator");
    }

    [Fact]
    public async Task Bad_edits_name_every_fault_and_change_nothing()
    {
        var (author, moderator, stranger) = (await Someone(), await AModerator(), await Someone());
        var id = (Guid)(await ATicket(author))["id"]!;

        (await Patch(moderator, id, new
        {
            title = "", description = 5, category = new string('x', 256), deadline = "tomorrow", priority = "huge", status = "done", relatedSkills = "x", helpfulNotes = new string('x', 10_001),
        })).ShouldFault("title", "description", "category", "deadline", "priority", "status", "relatedSkills", "helpfulNotes");
        (await Patch(author, id, new { id = Guid.NewGuid(), title = "x" })).ShouldFault("id");
        (await Patch(stranger, id, new { title = "" })).ShouldRefuse(404, "ticket-not-found");
        (await Call(stranger, "PUT", Edit, new { ticketId = id, title = "x" })).ShouldRefuse(404, "ticket-not-found");
        (await Call(author, "PUT", Edit, new { title = "x" })).ShouldRefuse(404, "ticket-not-found");
        (await EventsOf(id)).Count.ShouldBe(Triaged);
    }

    [Fact]
    public async Task The_load_of_people_follows_their_tickets()
    {
        var (author, one, two) = (await Someone(), await AModerator(), await AModerator());
        var id = (Guid)(await ATicket(author))["id"]!;

        await Patch(one, id, new { assignedTo = one.Id });
        await Patch(one, id, new { assignedTo = two.Id, status = "completed" });
        (await OpenTickets(one), await OpenTickets(two)).ShouldBe((0, 0));
        await Patch(one, id, new { assignedTo = one.Id });
        (await OpenTickets(one), await OpenTickets(two)).ShouldBe((0, 0));
        await Patch(one, id, new { status = "todo" });
        (await OpenTickets(one), await OpenTickets(two)).ShouldBe((1, 0));
    }

    private static readonly CurrentUser Staff = new(Guid.CreateVersion7(), Roles.Moderator, Guid.Empty);

    [Theory]
    [InlineData(null, "old", "old", "new", "new")]
    [InlineData("mine", "old", "old", "old", "mine")]
    [InlineData("mine", "old", "theirs", "theirs", "mine")]
    [InlineData("old", "old", "theirs", "theirs", "theirs")]
    [InlineData("theirs", "old", "theirs", "theirs", "theirs")]
    public void Only_what_its_sender_changed_is_applied(string? sent, string before, string between, string now, string after)
    {
        var ticket = new Ticket { Id = Guid.CreateVersion7(), Category = between };
        var request = new EditTicket(default, default, sent is null ? default : new(sent), default, default, default, default, default, default, default);

        var edit = new Edit(request.Against(ticket with { Category = before }, true, Staff), new Assignee(null, null));
        var events = edit.Events(ticket with { Category = now }, Staff).ToArray();

        (events.OfType<TicketEdited>().SingleOrDefault()?.Category ?? now).ShouldBe(after);
        events.Length.ShouldBe(now == after ? 0 : 1);
    }

    private Task<Reply> Patch(Caller caller, Guid id, object body, string? match = null) =>
        Call(caller, "PATCH", $"/api/tickets/{id}", body, x => x.ConfigureHttpContext(http => http.Request.Headers.IfMatch = match));
}
