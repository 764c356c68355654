using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Conversation;

namespace TicMate.Tests.Tickets;

public sealed class ReplyToTicketTests(App app) : AppTest(app)
{
    [Fact]
    public async Task The_owner_and_staff_talk_on_the_ticket()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = (Guid)(await ATicket(author))["id"]!;

        await Call(moderator, "PUT", "/api/tickets/ticket-reply", new { ticketId = id, message = "Have you tried turning it off?" });
        var reply = await Call(author, "PUT", "/api/tickets/ticket-reply", new { _id = id, message = "Twice." });

        reply.Status.ShouldBe(200);
        reply.Ticket["replies"]!.AsArray().Select(r => ((string)r!["message"]!, (string)r["createdBy"]!["name"]!))
            .ShouldBe([("Have you tried turning it off?", moderator.Name), ("Twice.", author.Name)]);
        ((int)reply.Ticket["replyCount"]!).ShouldBe(2);
    }

    [Fact]
    public async Task Twelve_people_reply_at_once_and_nothing_is_lost()
    {
        var author = await Someone();
        var id = (Guid)(await ATicket(author))["id"]!;

        var replies = await Task.WhenAll(Enumerable.Range(1, 12).Select(n => Call(author, "PUT", "/api/tickets/ticket-reply", new { ticketId = id, message = $"reply {n}" })));

        replies.ShouldAllBe(r => r.Status == 200);
        (await Load<Ticket>(id))!.Replies.Select(r => r.Message).Order().ShouldBe(Enumerable.Range(1, 12).Select(n => $"reply {n}").Order());
        (await EventsOf(id)).OfType<TicketReplied>().Count().ShouldBe(12);
    }

    [Fact]
    public async Task To_strangers_the_ticket_does_not_exist()
    {
        var id = (Guid)(await ATicket(await Someone()))["id"]!;
        var stranger = await Someone();

        (await Call(stranger, "PUT", "/api/tickets/ticket-reply", new { ticketId = id, message = "me too" })).ShouldRefuse(404, "ticket-not-found");
        (await Call(stranger, "PUT", "/api/tickets/ticket-reply", new { ticketId = id, message = "" })).ShouldRefuse(404, "ticket-not-found");
        (await EventsOf(id)).OfType<TicketReplied>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Bad_replies_are_refused()
    {
        var author = await Someone();
        var id = (Guid)(await ATicket(author))["id"]!;

        foreach (var message in new object?[] { "", " \n", 5, null, new string('x', 10_001), "bell \a" })
            (await Call(author, "PUT", "/api/tickets/ticket-reply", new { ticketId = id, message })).ShouldFault("message");

        foreach (var ticketId in new object?[] { "", "xyz", 5, null, Guid.Empty, Guid.NewGuid(), new { a = 1 }, id.ToString().ToUpperInvariant(), $"{{{id}}}" })
            (await Call(author, "PUT", "/api/tickets/ticket-reply", new { ticketId, message = "hello" })).ShouldRefuse(404, "ticket-not-found");

        (await Call(null, "PUT", "/api/tickets/ticket-reply", new { ticketId = id, message = "hello" })).ShouldRefuse(401, "unauthenticated");
        (await EventsOf(id)).OfType<TicketReplied>().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_new_reply_has_a_place_of_its_own()
    {
        var author = await Someone();
        var id = (Guid)(await ATicket(author))["id"]!;

        var said = await Call(author, "POST", $"/api/tickets/{id}/replies", new { message = "It burns again." });

        said.Status.ShouldBe(201);
        said.Http.Response.Headers.Location.ToString().ShouldBe($"/api/tickets/{id}/replies#{said.Id("reply")}");
        said.Http.Response.Headers.ETag.ToString().ShouldBe($"\"{(int)said.Ticket["version"]!}\"");
        ((string?)said.Body["reply"]!["message"], (string?)said.Body["reply"]!["createdBy"]!["name"]).ShouldBe(("It burns again.", author.Name));
        ((Guid)said.Ticket["replies"]![0]!["id"]!).ShouldBe(said.Id("reply"));
        (said.Body.AsObject().ContainsKey("followUpOf"), said.Body.AsObject().ContainsKey("mergedInto")).ShouldBe((false, false));

        (await Call(author, "POST", $"/api/tickets/{id}/replies", new { message = "" })).ShouldFault("message");
        (await Call(author, "POST", $"/api/tickets/{id}/replies", new { message = "x", ticketId = Guid.NewGuid() })).ShouldFault("id");
        (await Call(await Someone(), "POST", $"/api/tickets/{id}/replies", new { message = "" })).ShouldRefuse(404, "ticket-not-found");
        (await Call(author, "POST", $"/api/tickets/{id}/replies", new { message = "x" }, x => x.WithRequestHeader("If-Match", "\"1\""))).ShouldRefuse(412, "stale-version");
    }

    [Fact]
    public async Task Twelve_new_replies_at_once_all_succeed()
    {
        var author = await Someone();
        var id = (Guid)(await ATicket(author))["id"]!;

        var replies = await Task.WhenAll(Enumerable.Range(1, 12).Select(n => Call(author, "POST", $"/api/tickets/{id}/replies", new { message = $"reply {n}" })));

        replies.ShouldAllBe(r => r.Status == 201);
        (await Load<Ticket>(id))!.Replies.Select(r => r.Id).ShouldBe(replies.Select(r => r.Id("reply")), ignoreOrder: true);
    }

    [Fact]
    public async Task The_owners_reply_wakes_the_ticket()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = (Guid)(await ATicket(author))["id"]!;

        await Call(moderator, "PUT", $"/api/tickets/status/{id}", new { status = "waiting" });
        ((string?)(await Call(author, "POST", $"/api/tickets/{id}/replies", new { message = "Here you are." })).Ticket["status"]).ShouldBe("in_progress");
        await Call(moderator, "PUT", $"/api/tickets/status/{id}", new { status = "completed" });
        ((string?)(await Call(moderator, "POST", $"/api/tickets/{id}/replies", new { message = "Done." })).Ticket["status"]).ShouldBe("completed");
        ((string?)(await Call(author, "PUT", "/api/tickets/ticket-reply", new { ticketId = id, message = "Not quite." })).Ticket["status"]).ShouldBe("todo");
    }

    private static readonly CurrentUser Owner = new(Guid.CreateVersion7(), Roles.User, Guid.Empty);
    private static readonly CurrentUser Staff = new(Guid.CreateVersion7(), Roles.Moderator, Guid.Empty);
    private static readonly Ticket Open = new() { Id = Guid.CreateVersion7(), AuthorId = Owner.Id };

    [Theory]
    [InlineData(Status.Waiting, Status.InProgress), InlineData(Status.Completed, Status.Todo), InlineData(Status.Todo, null)]
    public void The_owners_word_wakes_a_ticket_that_waits_or_is_done(string status, string? wakes) =>
        Said(Open with { Status = status }, Owner).OfType<TicketStatusChanged>().Select(e => e.To).ShouldBe(wakes is null ? [] : [wakes]);

    [Theory]
    [InlineData(Status.Waiting), InlineData(Status.Completed)]
    public void Staff_reply_without_moving_the_ticket(string status) =>
        Said(Open with { Status = status }, Staff).Single().ShouldBeOfType<TicketReplied>();

    [Fact]
    public void A_ticket_has_room_for_500_replies()
    {
        var full = Open with { ReplyCount = 500 };

        Replying.Refusal(new ReplyToTicket("hello"), new Landing(full, full), Owner, IfMatch.Anything)!.Extensions["code"].ShouldBe("too-many-replies");
        Replying.Refusal(new ReplyToTicket("hello"), new Landing(full, full) { FollowUp = new(7) }, Owner, IfMatch.Anything).ShouldBeNull();
    }

    private static object[] Said(Ticket ticket, CurrentUser user) => Replying.Decide(new Landing(ticket, ticket), user, "hello", 200).Item2.Events;
}
