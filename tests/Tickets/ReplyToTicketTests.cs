using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Conversation;
using Wolverine.Http;

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

    private static readonly CurrentUser Owner = new(Guid.CreateVersion7(), Roles.User, Guid.Empty);
    private static readonly CurrentUser Staff = new(Guid.CreateVersion7(), Roles.Moderator, Guid.Empty);
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private static readonly Ticket Open = new() { Id = Guid.CreateVersion7(), AuthorId = Owner.Id };

    [Theory]
    [InlineData(Status.Waiting, Status.InProgress), InlineData(Status.Completed, Status.Todo), InlineData(Status.Todo, null)]
    public void The_owners_word_wakes_a_ticket_that_waits_or_is_done(string status, string? wakes)
    {
        var (_, _, changed) = ReplyToTicketEndpoint.Put(new ReplyToTicket("hello"), Open with { Status = status }, Owner);
        changed?.To.ShouldBe(wakes);
        (changed is null).ShouldBe(wakes is null);
    }

    [Fact]
    public void Staff_reply_on_a_completed_ticket_without_reopening_it() =>
        ReplyToTicketEndpoint.Put(new ReplyToTicket("fyi"), Open with { Status = Status.Completed }, Staff).Item3.ShouldBeNull();

    [Fact]
    public void A_ticket_completed_long_ago_stays_so()
    {
        var old = Open with { Status = Status.Completed, CompletedAt = Now.AddDays(-15) };

        ReplyToTicketEndpoint.Validate(new ReplyToTicket("hello"), old, Owner, IfMatch.Anything, Now).Extensions["code"].ShouldBe("ticket-completed");
        ReplyToTicketEndpoint.Validate(new ReplyToTicket("hello"), old, Staff, IfMatch.Anything, Now).ShouldBe(WolverineContinue.NoProblems);
        ReplyToTicketEndpoint.Validate(new ReplyToTicket("hello"), old with { CompletedAt = Now.AddDays(-13) }, Owner, IfMatch.Anything, Now).ShouldBe(WolverineContinue.NoProblems);
    }

    [Fact]
    public void A_ticket_has_room_for_500_replies() =>
        ReplyToTicketEndpoint.Validate(new ReplyToTicket("hello"), Open with { ReplyCount = 500 }, Owner, IfMatch.Anything, Now).Extensions["code"].ShouldBe("too-many-replies");
}
