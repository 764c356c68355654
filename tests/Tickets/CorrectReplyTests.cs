using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Conversation;
using Wolverine.Http;

namespace TicMate.Tests.Tickets;

public sealed class CorrectReplyTests(App app) : AppTest(app)
{
    [Fact]
    public async Task An_author_puts_a_reply_differently_and_the_history_keeps_both()
    {
        var author = await Someone();
        var id = (Guid)(await ATicket(author))["id"]!;
        var reply = await Say(author, id, "It bruns.");

        var corrected = await Call(author, "PATCH", $"/api/tickets/{id}/replies/{reply}", new { message = "It burns." });
        var same = await Call(author, "PATCH", $"/api/tickets/{id}/replies/{reply}", new { message = "It burns." });

        (corrected.Status, (string?)corrected.Body["reply"]!["message"], corrected.Body["reply"]!["correctedAt"] is not null).ShouldBe((200, "It burns.", true));
        (same.Status, (int)same.Ticket["version"]!).ShouldBe((200, (int)corrected.Ticket["version"]!));
        ((string?)(await Call(author, "GET", $"/api/tickets/{id}")).Ticket["replies"]![0]!["message"]).ShouldBe("It burns.");
        (await EventsOf(id)).OfType<TicketReplied>().Single().Message.ShouldBe("It bruns.");
        (await EventsOf(id)).OfType<TicketReplyCorrected>().Single().Message.ShouldBe("It burns.");
    }

    [Fact]
    public async Task An_author_takes_a_reply_back()
    {
        var author = await Someone();
        var id = (Guid)(await ATicket(author))["id"]!;
        var (first, second) = (await Say(author, id, "one"), await Say(author, id, "two"));

        var withdrawn = await Call(author, "DELETE", $"/api/tickets/{id}/replies/{first}");

        (withdrawn.Status, (int)withdrawn.Ticket["replyCount"]!, (Guid)withdrawn.Ticket["replies"]!.AsArray().Single()!["id"]!).ShouldBe((200, 1, second));
        (await Call(author, "DELETE", $"/api/tickets/{id}/replies/{first}")).ShouldRefuse(404, "reply-not-found");
        (await Call(author, "PATCH", $"/api/tickets/{id}/replies/{first}", new { message = "x" })).ShouldRefuse(404, "reply-not-found");
        (await Texts(author, id)).ShouldBe(["two"]);
        (await EventsOf(id)).OfType<TicketReplyWithdrawn>().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_reply_is_its_authors_alone()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = (Guid)(await ATicket(author))["id"]!;
        var reply = await Say(author, id, "one");

        foreach (var method in new[] { "PATCH", "DELETE" })
        {
            (await Call(moderator, method, $"/api/tickets/{id}/replies/{reply}", new { message = "" })).ShouldRefuse(403, "forbidden");
            (await Call(await Someone(), method, $"/api/tickets/{id}/replies/{reply}", new { message = "" })).ShouldRefuse(404, "ticket-not-found");
            (await Call(author, method, $"/api/tickets/{id}/replies/{Guid.NewGuid()}", new { message = "" })).ShouldRefuse(404, "reply-not-found");
            (await Call(author, method, $"/api/tickets/{id}/replies/{reply}", new { message = "x" }, x => x.WithRequestHeader("If-Match", "\"1\""))).ShouldRefuse(412, "stale-version");
        }

        (await Call(author, "PATCH", $"/api/tickets/{id}/replies/{reply}", new { message = "" })).ShouldFault("message");
        (await Load<Ticket>(id))!.Replies.Single().Message.ShouldBe("one");
    }

    private static readonly CurrentUser Owner = new(Guid.CreateVersion7(), Roles.User, Guid.Empty);
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0, null), InlineData(15, null), InlineData(16, "reply-too-old")]
    public void A_reply_may_be_changed_for_15_minutes(int minutes, string? code)
    {
        var reply = new Ticket.Reply(Guid.CreateVersion7(), Owner.Id, "one", Now.AddMinutes(-minutes)) { CorrectedAt = Now };
        var ticket = new Ticket { Id = Guid.CreateVersion7(), AuthorId = Owner.Id, Replies = [reply], ReplyCount = 1 };

        foreach (var verdict in new[]
        {
            CorrectReplyEndpoint.Validate(new CorrectReply("two"), ticket, new FoundReply(reply), Owner, IfMatch.Anything, Now),
            WithdrawReplyEndpoint.Validate(ticket, new FoundReply(reply), Owner, IfMatch.Anything, Now),
        })
            (verdict.Extensions.TryGetValue("code", out var given) ? given : null).ShouldBe(code);
    }

    [Fact]
    public void Nothing_is_changed_on_a_ticket_that_is_read_only()
    {
        var reply = new Ticket.Reply(Guid.CreateVersion7(), Owner.Id, "one", Now);
        var merged = new Ticket { Id = Guid.CreateVersion7(), AuthorId = Owner.Id, Replies = [reply], MergedInto = Guid.CreateVersion7() };

        CorrectReplyEndpoint.Validate(new CorrectReply("two"), merged, new FoundReply(reply), Owner, IfMatch.Anything, Now).Extensions["code"].ShouldBe("ticket-merged");
        WithdrawReplyEndpoint.Validate(merged, new FoundReply(reply), Owner, IfMatch.Anything, Now).Extensions["code"].ShouldBe("ticket-merged");
        CorrectReplyEndpoint.Validate(new CorrectReply("two"), merged with { MergedInto = null }, new FoundReply(reply), Owner, IfMatch.Anything, Now).ShouldBe(WolverineContinue.NoProblems);
    }

    [Fact]
    public async Task A_long_conversation_is_read_in_pages_and_any_recent_reply_of_it_can_be_changed()
    {
        var author = await Someone();
        var id = (Guid)(await ATicket(author))["id"]!;
        var ids = Enumerable.Range(0, 130).Select(_ => Guid.CreateVersion7()).ToArray();
        await Append<Ticket>(id, [.. ids.Select((reply, n) => new TicketReplied(id, reply, author.Id, $"reply {n}"))]);
        (await Load<Ticket>(id))!.Replies.Length.ShouldBe(100);

        (await Call(author, "PATCH", $"/api/tickets/{id}/replies/{ids[3]}", new { message = "corrected" })).Status.ShouldBe(200);
        (await Call(author, "DELETE", $"/api/tickets/{id}/replies/{ids[4]}")).Status.ShouldBe(200);

        var expected = Enumerable.Range(0, 130).Where(n => n != 4).Select(n => n == 3 ? "corrected" : $"reply {n}").ToArray();
        (await Texts(author, id, 50)).ShouldBe(expected);

        // The page after a reply that was withdrawn meanwhile begins where that reply stood.
        var first = await Call(author, "GET", $"/api/tickets/{id}/replies?limit=10");
        var last = (Guid)first.Body["replies"]![9]!["id"]!;
        await Call(author, "DELETE", $"/api/tickets/{id}/replies/{last}");
        var second = await Call(author, "GET", $"/api/tickets/{id}/replies?limit=10&cursor={(string?)first.Body["next"]}");
        ((string?)second.Body["replies"]![0]!["message"]).ShouldBe(expected[10]);

        (await Call(author, "GET", $"/api/tickets/{id}/replies?limit=0")).ShouldFault("limit");
        (await Call(author, "GET", $"/api/tickets/{id}/replies?cursor={Guid.NewGuid()}")).ShouldFault("cursor");
        (await Call(author, "GET", $"/api/tickets/{id}/replies?page=2")).ShouldFault("page");
        (await Call(await Someone(), "GET", $"/api/tickets/{id}/replies?page=2")).ShouldRefuse(404, "ticket-not-found");
    }

    private async Task<Guid> Say(Caller who, Guid ticket, string message) => (await Call(who, "POST", $"/api/tickets/{ticket}/replies", new { message })).Id("reply");

    private async Task<List<string>> Texts(Caller who, Guid ticket, int limit = 25)
    {
        List<string> texts = [];
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await Call(who, "GET", $"/api/tickets/{ticket}/replies?limit={limit}{(cursor is "" ? "" : $"&cursor={cursor}")}");
            texts.AddRange(page.Body["replies"]!.AsArray().Select(r => (string)r!["message"]!));
            cursor = (string?)page.Body["next"];
        }

        return texts;
    }
}
