using System.Text.Json.Nodes;
using JasperFx.Events;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.History;

namespace TicMate.Tests.Tickets.History;

public sealed class HistoryTests(App app) : AppTest(app)
{
    [Fact]
    public async Task Staff_see_everything_that_happened_with_who_and_why()
    {
        var skill = ASkill();
        var (author, moderator) = (await Someone(), await AModerator(skill));
        var id = (Guid)(await ATicket(author, $"{skill} fails"))["id"]!;
        await Call(moderator, "PUT", $"/api/tickets/status/{id}", new { status = "waiting" });
        await Call(author, "PUT", "/api/tickets/ticket-reply", new { ticketId = id, message = "Still." });

        var history = await HistoryOf(moderator, id);

        history.Select(e => (string?)e["type"]).ShouldBe(["ticket-created", "ticket-triaged", "ticket-assigned", "ticket-status-changed", "ticket-replied", "ticket-status-changed"]);
        history.Select(e => (int)e["version"]!).ShouldBe([1, 2, 3, 4, 5, 6]);
        history.Select(e => (long)e["seq"]!).ShouldBe(history.Select(e => (long)e["seq"]!).Distinct().Order());
        history.Select(e => (string?)e["actor"]!["kind"]).ShouldBe(["person", "ai", "ai", "person", "person", "person"]);
        (history[3]["actor"]!["id"]!.ToString(), history[3]["actor"]!["name"]!.ToString()).ShouldBe((moderator.Id.ToString(), moderator.Name));
        history.ShouldAllBe(e => !string.IsNullOrEmpty((string?)e["causationId"]) && !string.IsNullOrEmpty((string?)e["correlationId"]));
        Change(history[3], "status").ShouldBe(("todo", "waiting"));
        Change(history[4], "reply").ShouldBe((null, "Still."));
        Change(history[5], "status").ShouldBe(("waiting", "in_progress"));
        var assigned = history[2]["changes"]!.AsArray().Single(c => (string?)c!["field"] == "assignedTo")!;
        (assigned["before"], (string?)assigned["after"]!["_id"], (string?)assigned["after"]!["name"]).ShouldBe((null, moderator.Id.ToString(), moderator.Name));
        ((string?)history[2]["reason"]).ShouldNotBeNull().ShouldContain(skill);
        history[1]["changes"]!.AsArray().Select(c => (string?)c!["field"]).ShouldContain("helpfulNotes");
    }

    [Fact]
    public async Task The_owner_sees_neither_staff_fields_nor_that_they_changed_in_any_view_of_the_past()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = await AnEventfulTicket(author, moderator);

        var history = await HistoryOf(author, id);
        var pages = new List<string> { string.Concat(history.Select(e => e.ToJsonString())) };
        pages.Add((await Call(author, "GET", $"/api/tickets/{id}/diff?from=1&to=8")).Body.ToJsonString());
        for (var version = 1; version <= 8; version++)
            pages.Add((await Call(author, "GET", $"/api/tickets/{id}?version={version}")).Ticket.ToJsonString());

        history.Select(e => (string?)e["type"]).ShouldBe(["ticket-created", "ticket-triaged", "ticket-assigned", "ticket-edited"]);
        history[1]["changes"]!.AsArray().Select(c => (string?)c!["field"]).ShouldBe(["priority", "relatedSkills"]);
        foreach (var page in pages)
            foreach (var secret in new[] { "SECRET", "\"reason\":\"", "summary", "triagedBy", "deadlineStage", "releasedBy", "merged" })
                page.ShouldNotContain(secret);

        // What is hidden cannot be asked for either.
        foreach (var query in new[] { "field=helpfulNotes", "field=summary", "type=ticket-left-unassigned", "type=ticket-notes-rewritten" })
            (await HistoryOf(author, id, query)).ShouldBeEmpty(query);
        string.Concat((await HistoryOf(moderator, id)).Select(e => e.ToJsonString())).ShouldContain("SECRET notes");
    }

    [Fact]
    public async Task Each_filter_narrows_the_history_down()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = await AnEventfulTicket(author, moderator);
        var at = (string?)(await HistoryOf(moderator, id))[4]["at"];
        async Task<int[]> Versions(string query) => [.. (await HistoryOf(moderator, id, query)).Select(e => (int)e["version"]!)];

        (await Versions("type=ticket-edited")).ShouldBe([8]);
        (await Versions("type=ticket-edited,ticket-created")).ShouldBe([1, 8]);
        (await Versions("field=title")).ShouldBe([1, 8]);
        (await Versions("field=helpfulNotes,summary")).ShouldBe([2, 5]);
        (await Versions("field=title&type=ticket-edited")).ShouldBe([8]);
        (await Versions($"actor={moderator.Id}")).ShouldBe([5, 8]);
        (await Versions("actor=ai,system")).ShouldBe([2, 3, 4, 6, 7]);
        (await Versions("actor=agent:m")).ShouldBe([2, 3, 4]);
        (await Versions($"since={at}&until={at}")).ShouldBe([5]);
        (await Versions($"since={at}")).ShouldBe([5, 6, 7, 8]);
        (await Versions($"until={at}")).ShouldBe([1, 2, 3, 4, 5]);
        (await Versions("sort=-seq&limit=2")).ShouldBe([8, 7, 6, 5, 4, 3, 2, 1]);
        (await Versions("limit=3")).ShouldBe([1, 2, 3, 4, 5, 6, 7, 8]);
        (await Versions($"actor={Guid.NewGuid()}")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("limit=0"), InlineData("limit=101"), InlineData("limit=x"), InlineData("page=1"), InlineData("sort=at"), InlineData("cursor=xyz!"), InlineData("cursor=")]
    [InlineData("type=ticket"), InlineData("type="), InlineData("field=number,nothing"), InlineData("actor=me"), InlineData("since=2026-01-01"), InlineData("until=2026-01-01T00:00:00"), InlineData("q=x")]
    public async Task What_the_history_does_not_understand_it_says(string query)
    {
        var author = await Someone();
        var id = await AnEventfulTicket(author, author);

        (await Call(author, "GET", $"/api/tickets/{id}/history?{query}")).ShouldFault(query.Split('=')[0]);
        (await Call(await Someone(), "GET", $"/api/tickets/{id}/history?{query}")).ShouldRefuse(404, "ticket-not-found");
    }

    [Fact]
    public async Task A_program_with_an_api_key_is_told_from_its_person()
    {
        var author = await Someone();
        var key = (await Call(author, "POST", "/api/auth/api-keys", new { name = "k", scopes = new[] { "tickets:write", "tickets:read" } })).Body["apiKey"]!;
        var id = (Guid)(await ATicket(author with { Token = (string)key["secret"]! }))["id"]!;

        var actor = (await HistoryOf(author, id))[0]["actor"]!;
        ((string?)actor["kind"], (string?)actor["id"], (string?)actor["name"], (string?)actor["apiKeyId"]).ShouldBe(("api-key", author.Id.ToString(), author.Name, (string?)key["id"]));
        (await HistoryOf(author, id, "actor=api-key")).Count.ShouldBe(1);
        (await HistoryOf(author, id, "actor=person")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_ticket_is_shown_as_it_stood()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = await AnEventfulTicket(author, moderator);
        var history = await HistoryOf(moderator, id);
        var at = (string)history[0]["at"]!;

        var first = await Call(moderator, "GET", $"/api/tickets/{id}?asOf={at}");
        (first.Status, (string?)first.Ticket["title"], (int)first.Body["version"]!, (int)first.Ticket["version"]!, (string?)first.Body["asOf"])
            .ShouldBe((200, "t", 1, 1, at));
        (first.Http.Response.Headers.ETag.Count, first.Http.Response.Headers.CacheControl.ToString()).ShouldBe((0, "private, no-cache"));
        ((string?)(await Call(moderator, "GET", $"/api/tickets/{id}?version=7")).Ticket["title"]).ShouldBe("t");
        ((string?)(await Call(moderator, "GET", $"/api/tickets/{id}?version=5")).Ticket["helpfulNotes"]).ShouldBe("SECRET notes");
        ((string?)(await Call(author, "GET", $"/api/tickets/{id}?version=5")).Ticket["helpfulNotes"]).ShouldBe("");

        var (now, last) = (await Call(moderator, "GET", $"/api/tickets/{id}"), await Call(moderator, "GET", $"/api/tickets/{id}?version=8"));
        last.Ticket.ToJsonString().ShouldBe(now.Ticket.ToJsonString());
        (await Call(moderator, "GET", $"/api/tickets/{id}?asOf={DateTimeOffset.UtcNow.AddSeconds(-0.001):yyyy-MM-ddTHH:mm:ss.ffffffZ}")).Ticket.ToJsonString().ShouldBe(now.Ticket.ToJsonString());

        var earlier = DateTimeOffset.Parse(at, null).AddMicroseconds(-1).ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", null);
        (await Call(author, "GET", $"/api/tickets/{id}?asOf={earlier}")).ShouldRefuse(404, "not-yet-created");
        (await Call(await Someone(), "GET", $"/api/tickets/{id}?version=1")).ShouldRefuse(404, "ticket-not-found");
    }

    [Theory]
    [InlineData("asOf=2999-01-01T00:00:00Z", "asOf"), InlineData("asOf=2026-01-01T00:00:00", "asOf"), InlineData("asOf=2026-01-01", "asOf"), InlineData("asOf=soon", "asOf")]
    [InlineData("asOf=", "asOf"), InlineData("version=0", "version"), InlineData("version=-1", "version"), InlineData("version=9", "version"), InlineData("version=1.5", "version")]
    [InlineData("version=99999999999", "version"), InlineData("version=1&version=2", "version"), InlineData("asOf=2026-01-01T00:00:00Z&version=1", "version"), InlineData("q=x", "q")]
    public async Task A_moment_that_cannot_be_meant_is_a_fault(string query, string field)
    {
        var author = await Someone();
        var id = await AnEventfulTicket(author, author);

        (await Call(author, "GET", $"/api/tickets/{id}?{query}")).ShouldFault(field);
    }

    [Fact]
    public async Task Two_versions_can_be_compared()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = await AnEventfulTicket(author, moderator);

        var diff = (await Call(moderator, "GET", $"/api/tickets/{id}/diff?from=4&to=8")).Body;
        ((int)diff["from"]!, (int)diff["to"]!).ShouldBe((4, 8));
        diff["changes"]!.AsArray().Select(c => (string?)c!["field"]).ShouldBe(["title", "deadlineStage", "helpfulNotes"]);
        Change(diff, "title").ShouldBe(("t", "another title"));
        Change((await Call(moderator, "GET", $"/api/tickets/{id}/diff?from=8&to=4")).Body, "title").ShouldBe(("another title", "t"));
        (await Call(moderator, "GET", $"/api/tickets/{id}/diff?from=3&to=3")).Body["changes"]!.AsArray().ShouldBeEmpty();

        (await Call(author, "GET", $"/api/tickets/{id}/diff")).ShouldFault("from", "to");
        (await Call(author, "GET", $"/api/tickets/{id}/diff?from=0&to=9")).ShouldFault("from", "to");
        (await Call(author, "GET", $"/api/tickets/{id}/diff?from=1&to=x&q=1")).ShouldFault("to", "q");
        (await Call(await Someone(), "GET", $"/api/tickets/{id}/diff")).ShouldRefuse(404, "ticket-not-found");
    }

    [Fact]
    public async Task The_past_of_a_deleted_ticket_is_for_admins_and_what_was_erased_stays_so()
    {
        var (author, moderator, admin) = (await Someone(), await AModerator(), await Someone(Roles.Admin));
        var id = await AnEventfulTicket(author, moderator);
        await Append<Ticket>(id, new TicketDeleted(id, author.Id, null));

        foreach (var route in new[] { "/history", "?version=1", "/diff?from=1&to=2" })
        {
            foreach (var person in new[] { author, moderator })
                (await Call(person, "GET", $"/api/tickets/{id}{route}")).ShouldRefuse(404, "ticket-not-found");
            (await Call(admin, "GET", $"/api/tickets/{id}{route}")).Status.ShouldBe(200);
        }

        await CallAndSettle(admin, "DELETE", "/api/admin/delete-user", new { userId = author.Id });
        foreach (var route in new[] { "/history?limit=100", "?version=1", "/diff?from=1&to=8" })
        {
            var page = (await Call(admin, "GET", $"/api/tickets/{id}{route}")).Body.ToJsonString();
            foreach (var gone in new[] { "SECRET advice", "SECRET gist", "SECRET notes", "another title" })
                page.ShouldNotContain(gone);
        }

        ((string?)(await Call(admin, "GET", $"/api/tickets/{id}?version=1")).Ticket["title"]).ShouldBe(Ticket.Erased);
    }

    [Fact]
    public async Task Folding_the_events_gives_the_very_document()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = await AnEventfulTicket(author, moderator);

        await using var session = Store.QuerySession();
        var events = await session.Events.FetchStreamAsync(id, token: Ct);
        foreach (var moment in Moment.Of(events))
            System.Text.Json.JsonSerializer.Serialize(moment.After.Ticket).ShouldBe(
                System.Text.Json.JsonSerializer.Serialize(await session.Events.AggregateStreamAsync<Ticket>(id, moment.Version, token: Ct)));
    }

    /// <summary>Eight versions: created, triaged, assigned, left unassigned, notes rewritten, deadline nears, passes, edited.</summary>
    private async Task<Guid> AnEventfulTicket(Caller author, Caller moderator)
    {
        var id = Guid.CreateVersion7();
        async Task As(string user, params object[] events)
        {
            await using var session = Store.LightweightSession();
            session.LastModifiedBy = user;
            if (events[0] is TicketCreated)
                session.Events.StartStream<Ticket>(id, events);
            else
                (await session.Events.FetchForExclusiveWriting<Ticket>(id, Ct)).AppendMany(events);
            await session.SaveChangesAsync(Ct);
        }

        var due = DateTimeOffset.UtcNow.AddDays(1);
        await As(author.Id.ToString(), new TicketCreated(id, Random.Shared.Next(1_000_000, int.MaxValue), author.Id, "t", "d", Deadline: due));
        await As("agent:m", Advice.Triaged(id, "m", "high", ["s"], "SECRET advice", "SECRET gist"), new TicketAssigned(id, moderator.Id, null, [], "SECRET why"), new TicketLeftUnassigned(id, "SECRET why not"));
        await As(moderator.Id.ToString(), new TicketNotesRewritten(id, moderator.Id, "SECRET notes"));
        await As("system:deadlines", new TicketDeadlineNeared(id, due), new TicketDeadlinePassed(id, due));
        await As(moderator.Id.ToString(), new TicketEdited(id, moderator.Id, "another title", null, null));
        return id;
    }

    private async Task<IReadOnlyList<JsonNode>> HistoryOf(Caller caller, Guid id, string query = "")
    {
        List<JsonNode> entries = [];
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await Call(caller, "GET", $"/api/tickets/{id}/history?{query}{(cursor.Length > 0 ? $"&cursor={cursor}" : "")}");
            page.Status.ShouldBe(200, page.Body.ToJsonString());
            entries.AddRange(page.Body["history"]!.AsArray()!);
            cursor = (string?)page.Body["next"];
        }

        return entries;
    }

    private static (string? Before, string? After) Change(JsonNode of, string field)
    {
        var change = of["changes"]!.AsArray().Single(c => (string?)c!["field"] == field)!;
        return ((string?)change["before"], (string?)change["after"]);
    }
}
