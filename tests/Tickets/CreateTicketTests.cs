using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Lifecycle;
using TicMate.Tests.Fakes;
using TicMate.Tickets.Triage;

namespace TicMate.Tests.Tickets;

public sealed class CreateTicketTests(App app) : AppTest(app)
{
    [Fact]
    public async Task A_new_ticket_is_answered_at_once_and_finds_its_person_soon_after()
    {
        var skill = ASkill();
        var moderator = await AModerator(skill);
        var author = await Someone();

        var reply = await CallAndSettle(author, "POST", "/api/tickets", new { title = $"{skill} crashes", description = "It crashes.", category = "bugs", deadline = "2027-01-31" });

        reply.Status.ShouldBe(201);
        var id = reply.Id("ticket");
        reply.Http.Response.Headers.Location.ToString().ShouldBe($"/api/tickets/{id}");
        ((string?)reply.Ticket["_id"], (string?)reply.Ticket["status"], (string?)reply.Ticket["category"]).ShouldBe((id.ToString(), "todo", "bugs"));
        ((string?)reply.Ticket["deadline"]).ShouldBe("2027-01-31T23:59:59Z");
        ((string?)reply.Ticket["createdBy"]!["name"]).ShouldBe(author.Name);
        reply.Ticket["assignedTo"].ShouldBeNull();
        ((int)reply.Ticket["number"]!).ShouldBePositive();

        var events = await EventsOf(id);
        events.Select(e => e.GetType()).ShouldBe([typeof(TicketCreated), typeof(TicketTriaged), typeof(TicketAssigned)]);
        events.OfType<TicketAssigned>().Single().ShouldSatisfyAllConditions(
            e => e.AssigneeId.ShouldBe(moderator.Id), e => e.Matched.ShouldBe([skill]), e => e.ById.ShouldBeNull());

        var seen = await Call(moderator, "GET", "/api/tickets/get-assigned");
        ((Guid)seen.Body["tickets"]![0]!["id"]!).ShouldBe(id);
        ((string)seen.Body["tickets"]![0]!["helpfulNotes"]!).ShouldContain("built-in");

        var mail = await App.Smtp.MailFor(moderator.Email, Ct);
        mail.Message.Subject.ShouldStartWith($"[#{(int)reply.Ticket["number"]!}]");
        mail.Message.MessageId.ShouldBe($"assigned.{id:N}.{moderator.Id:N}.1@ticmate");
    }

    [Fact]
    public async Task Numbers_grow_and_are_never_given_twice()
    {
        var author = await Someone();
        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Call(author, "POST", "/api/tickets", new { title = $"t{n}", description = "d" })));

        replies.Select(r => (int)r.Ticket["number"]!).Distinct().Count().ShouldBe(8);
        var next = await Call(author, "POST", "/api/tickets", new { title = "last", description = "d" });
        ((int)next.Ticket["number"]!).ShouldBeGreaterThan(replies.Max(r => (int)r.Ticket["number"]!));
    }

    [Fact]
    public async Task Every_fault_is_named_at_once_and_nothing_is_stored()
    {
        var author = await Someone();

        (await Call(author, "POST", "/api/tickets", new { title = " ", description = 5, priority = "extreme", deadline = "tomorrow", category = "a\nb" }))
            .ShouldFault("title", "description", "priority", "deadline", "category");
        (await Call(author, "POST", "/api/tickets")).ShouldFault("title", "description");
        (await Call(author, "POST", "/api/tickets", new { title = new string('t', 256), description = new string('d', 10_001) })).ShouldFault("title", "description");
        (await Call(author, "POST", "/api/tickets", new { title = "\u200b", description = "\u3164" })).ShouldFault("title", "description");

        (await Call(author, "GET", "/api/tickets")).Body["tickets"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task What_a_caller_may_not_set_is_ignored()
    {
        var author = await Someone();
        var reply = await Call(author, "POST", "/api/tickets", new { title = "t", description = "d", status = "completed", number = 1, assignedTo = author.Id, helpfulNotes = "x", createdBy = Guid.NewGuid() });

        reply.Status.ShouldBe(201);
        ((string?)reply.Ticket["status"], (Guid)reply.Ticket["createdBy"]!["id"]!, reply.Ticket["assignedTo"]).ShouldBe(("todo", author.Id, null));
    }

    [Theory]
    [InlineData(Roles.User, "low", false)]
    [InlineData(Roles.Moderator, "low", true)]
    [InlineData(Roles.Moderator, "", false)]
    public void A_priority_stands_when_staff_set_it_and_is_a_wish_from_anyone_else(string role, string priority, bool stands)
    {
        var author = new CurrentUser(Guid.CreateVersion7(), role, Guid.Empty);
        var (_, start) = CreateTicketEndpoint.Post(new CreateTicket("t", "d", default, default, priority), new TicketNumber(7), author);

        var created = start.ShouldBeOfType<Wolverine.Marten.StartStream<Ticket>>().Events.Single().ShouldBeOfType<TicketCreated>();
        (created.PriorityStands, created.Number, created.AuthorId).ShouldBe((stands, 7, author.Id));
    }
}
