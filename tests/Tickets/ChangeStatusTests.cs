using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Lifecycle;
using Wolverine.Http;

namespace TicMate.Tests.Tickets;

public sealed class ChangeStatusTests(App app) : AppTest(app)
{
    [Fact]
    public async Task The_owner_completes_and_reopens_without_saying_so()
    {
        var author = await Someone();
        var id = (Guid)(await ATicket(author))["id"]!;

        var completed = await Call(author, "PUT", $"/api/tickets/status/{id}");
        var reopened = await Call(author, "PUT", $"/api/tickets/status/{id}", new { status = (string?)null });
        var again = await Call(author, "PUT", $"/api/tickets/status/{id}", new { status = "open" });

        ((string?)completed.Ticket["status"], (string?)reopened.Ticket["status"], (string?)again.Ticket["status"]).ShouldBe(("completed", "todo", "todo"));
        ((int)again.Ticket["version"]!).ShouldBe((int)reopened.Ticket["version"]!);
        (await EventsOf(id)).OfType<TicketStatusChanged>().Select(e => (e.From, e.To, e.ById)).ShouldBe([("todo", "completed", author.Id), ("completed", "todo", author.Id)]);
    }

    [Fact]
    public async Task Completing_frees_the_assignee_and_reopening_gives_the_work_back()
    {
        var skill = ASkill();
        var (moderator, author) = (await AModerator(skill), await Someone());
        var id = (Guid)(await ATicket(author, $"{skill} fails"))["id"]!;
        (await OpenTickets(moderator)).ShouldBe(1);

        await Call(author, "PUT", $"/api/tickets/status/{id}");
        (await OpenTickets(moderator)).ShouldBe(0);
        await Call(moderator, "PUT", $"/api/tickets/status/{id}", new { status = "in_progress" });
        (await OpenTickets(moderator)).ShouldBe(1);
    }

    [Fact]
    public async Task An_illegal_step_names_the_legal_ones_and_changes_nothing()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = (Guid)(await ATicket(author))["id"]!;
        await Call(author, "PUT", $"/api/tickets/status/{id}", new { status = "resolved" });

        var refused = (await Call(moderator, "PUT", $"/api/tickets/status/{id}", new { status = "waiting" })).ShouldRefuse(409, "illegal-status");

        refused.Body["allowed"]!.AsArray().Select(a => (string?)a).ShouldBe(["todo", "in_progress"]);
        (await Load<Ticket>(id))!.Status.ShouldBe("completed");
    }

    [Fact]
    public async Task Changes_at_once_wait_for_each_other_and_none_is_refused_or_lost()
    {
        var author = await Someone();
        var id = (Guid)(await ATicket(author))["id"]!;

        var replies = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Call(author, "PUT", $"/api/tickets/status/{id}")));

        replies.ShouldAllBe(r => r.Status == 200);
        (await EventsOf(id)).OfType<TicketStatusChanged>().Count().ShouldBe(10);
        (await Load<Ticket>(id))!.Status.ShouldBe("todo");
    }

    [Fact]
    public async Task Bad_requests_are_refused()
    {
        var (author, stranger) = (await Someone(), await Someone());
        var id = (Guid)(await ATicket(author))["id"]!;

        (await Call(author, "PUT", $"/api/tickets/status/{id}", new { status = "done" })).ShouldFault("status");
        (await Call(author, "PUT", $"/api/tickets/status/{id}", new { status = 5 })).ShouldFault("status");
        (await Call(author, "PUT", $"/api/tickets/status/{id}", new { status = "waiting" })).ShouldRefuse(403, "forbidden");
        (await Call(author, "PUT", $"/api/tickets/status/{id}", new { id = Guid.NewGuid(), status = "completed" })).ShouldFault("id");
        (await Call(author, "PUT", $"/api/tickets/status/{id}", "{\"status\":")).ShouldRefuse(400, "invalid-json");
        (await Call(stranger, "PUT", $"/api/tickets/status/{id}", new { status = "done" })).ShouldRefuse(404, "ticket-not-found");
        (await Call(author, "PUT", $"/api/tickets/status/{Guid.NewGuid()}")).ShouldRefuse(404, "ticket-not-found");
        foreach (var wrong in new[] { "xyz", Guid.Empty.ToString(), id.ToString("N"), id.ToString().ToUpperInvariant(), "507f1f77bcf86cd799439011" })
            (await Call(author, "PUT", $"/api/tickets/status/{wrong}")).ShouldRefuse(404, "not-found");
        (await Call(null, "PUT", $"/api/tickets/status/{id}")).ShouldRefuse(401, "unauthenticated");
        (await EventsOf(id)).OfType<TicketStatusChanged>().ShouldBeEmpty();
    }

    [Fact]
    public void Every_step_between_statuses_is_legal_but_completed_to_waiting()
    {
        var staff = new CurrentUser(Guid.CreateVersion7(), Roles.Moderator, Guid.Empty);
        foreach (var from in Status.Words)
            foreach (var to in Status.Words)
                (ChangeStatusEndpoint.Validate(new ChangeStatus(to), new Ticket { Status = from }, staff, IfMatch.Anything) == WolverineContinue.NoProblems)
                    .ShouldBe((from, to) is not (Status.Completed, Status.Waiting), $"{from} to {to}");
    }
}
