using TicMate.Identity.Contracts;

namespace TicMate.Tests.Tickets;

public sealed class ReadTicketsTests(App app) : AppTest(app)
{
    [Fact]
    public async Task Notes_are_for_staff_and_empty_for_the_owner()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = (Guid)(await ATicket(author))["id"]!;

        ((string?)(await Call(author, "GET", $"/api/tickets/{id}")).Ticket["helpfulNotes"]).ShouldBe("");
        ((string?)(await Call(author, "GET", "/api/tickets")).Body["tickets"]![0]!["helpfulNotes"]).ShouldBe("");
        ((string?)(await Call(moderator, "GET", $"/api/tickets/{id}")).Ticket["helpfulNotes"]).ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task A_new_name_shows_on_old_tickets_at_once()
    {
        var author = await Someone();
        var id = (Guid)(await ATicket(author))["id"]!;

        await Call(author, "PUT", "/api/auth/update", new { name = "Grace" });

        ((string?)(await Call(author, "GET", $"/api/tickets/{id}")).Ticket["createdBy"]!["name"]).ShouldBe("Grace");
    }

    [Fact]
    public async Task A_ticket_that_has_not_changed_is_not_sent_again()
    {
        var author = await Someone();
        var id = (Guid)(await ATicket(author))["id"]!;

        var first = await Call(author, "GET", $"/api/tickets/{id}");
        var etag = first.Http.Response.Headers.ETag.ToString();
        var second = await Call(author, "GET", $"/api/tickets/{id}", more: x => x.WithRequestHeader("If-None-Match", etag));

        etag.ShouldBe($"\"{(int)first.Ticket["version"]!}\"");
        (second.Status, second.Json).ShouldBe((304, null));
        foreach (var (sent, status) in new[] { ($"W/{etag}", 304), ($"\"x\", {etag}", 304), ("*", 304), ("\"x\"", 200), ("nonsense", 200) })
            (await Call(author, "GET", $"/api/tickets/{id}", more: x => x.WithRequestHeader("If-None-Match", sent))).Status.ShouldBe(status, sent);
    }

    [Fact]
    public async Task To_strangers_a_ticket_does_not_exist()
    {
        var id = (Guid)(await ATicket(await Someone()))["id"]!;

        (await Call(await Someone(), "GET", $"/api/tickets/{id}")).ShouldRefuse(404, "ticket-not-found");
        (await Call(await Someone(), "GET", $"/api/tickets/{Guid.NewGuid()}")).ShouldRefuse(404, "ticket-not-found");
        (await Call(await Someone(), "GET", "/api/tickets/nonsense")).ShouldRefuse(404, "not-found");
        (await Call(null, "GET", $"/api/tickets/{id}")).ShouldRefuse(401, "unauthenticated");
    }

    [Fact]
    public async Task Pages_give_every_ticket_once_newest_first_while_new_ones_arrive()
    {
        var author = await Someone();
        for (var n = 1; n <= 7; n++)
            await Call(author, "POST", "/api/tickets", new { title = $"t{n}", description = "d" });

        List<string> seen = [];
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await Call(author, "GET", $"/api/tickets?limit=3{(cursor.Length > 0 ? $"&cursor={cursor}" : "")}");
            seen.AddRange(page.Body["tickets"]!.AsArray().Select(t => (string)t!["title"]!));
            cursor = (string?)page.Body["next"];
            await Call(author, "POST", "/api/tickets", new { title = "late", description = "d" });
        }

        seen.ShouldBe(["t7", "t6", "t5", "t4", "t3", "t2", "t1"]);
        (await Call(author, "GET", "/api/tickets?sort=createdAt&limit=1")).Body["tickets"]![0]!["title"]!.ToString().ShouldBe("t1");
    }

    [Fact]
    public async Task Lists_show_the_newest_three_replies_and_the_detail_all()
    {
        var author = await Someone();
        var id = (Guid)(await ATicket(author))["id"]!;
        for (var n = 1; n <= 5; n++)
            await Call(author, "PUT", "/api/tickets/ticket-reply", new { ticketId = id, message = $"r{n}" });

        var listed = (await Call(author, "GET", "/api/tickets")).Body["tickets"]![0]!;
        listed["replies"]!.AsArray().Select(r => (string)r!["message"]!).ShouldBe(["r3", "r4", "r5"]);
        ((int)listed["replyCount"]!).ShouldBe(5);
        (await Call(author, "GET", $"/api/tickets/{id}")).Ticket["replies"]!.AsArray().Count.ShouldBe(5);
    }

    [Theory]
    [InlineData("limit=0"), InlineData("limit=101"), InlineData("limit=x"), InlineData("limit=-1"), InlineData("limit=99999999999")]
    [InlineData("page=1"), InlineData("sort=title"), InlineData("cursor=xyz"), InlineData("cursor="), InlineData("limit=1&limit=2"), InlineData("Limit=3")]
    public async Task What_a_list_does_not_understand_it_says(string query)
    {
        var author = await Someone();
        var field = query.Split('=')[0];

        (await Call(author, "GET", $"/api/tickets?{query}")).ShouldFault(field);
        (await Call(author, "GET", $"/api/tickets/get-assigned?{query}")).ShouldFault(field);
    }

    [Fact]
    public async Task Lists_are_for_people_who_are_signed_in()
    {
        (await Call(null, "GET", "/api/tickets")).ShouldRefuse(401, "unauthenticated");
        (await Call(null, "GET", "/api/tickets/get-assigned")).ShouldRefuse(401, "unauthenticated");
    }
}
