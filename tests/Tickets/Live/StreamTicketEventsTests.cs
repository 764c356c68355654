using System.Net;
using System.Net.Http.Headers;
using TicMate.Identity.Contracts;
using TicMate.Tests.Fakes;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Live;

namespace TicMate.Tests.Tickets.Live;

public sealed class StreamTicketEventsTests(App app) : AppTest(app)
{
    [Fact]
    public async Task The_owner_hears_what_happens_to_the_ticket_and_nothing_of_others()
    {
        var (owner, stranger, moderator) = (await Someone(), await Someone(), await AModerator());
        await using var stream = await Open(owner);

        var others = (Guid)(await ATicket(stranger))["id"]!;
        var id = (Guid)(await ATicket(owner))["id"]!;
        await Append<Ticket>(id, new TicketNotesRewritten(id, moderator.Id, "for staff"));
        await Call(moderator, "PUT", "/api/tickets/ticket-reply", new { ticketId = others, message = "Hello?" });
        await Call(moderator, "PUT", "/api/tickets/ticket-reply", new { ticketId = id, message = "A secret of the text." });

        var heard = await stream.Until("ticket-replied");
        heard.ShouldAllBe(e => (Guid)e.Json["ticketId"]! == id);
        heard.Select(e => e.Name).ShouldNotContain("ticket-notes-rewritten");
        (heard[0].Name, (int)heard[0].Json["version"]!, (Guid)heard[0].Json["actorId"]!).ShouldBe(("ticket-created", 1, owner.Id));

        var ticket = (await Load<Ticket>(id))!;
        heard[^1].Json.Select(member => member.Key).ShouldBe(["ticketId", "number", "type", "version", "at", "actorId"]);
        ((int)heard[^1].Json["number"]!, (int)heard[^1].Json["version"]!, (Guid)heard[^1].Json["actorId"]!).ShouldBe((ticket.Number, ticket.Version, moderator.Id));
        heard.Select(e => e.Id).ShouldBeInOrder(SortDirection.Ascending);
    }

    [Fact]
    public async Task Staff_hear_of_every_ticket()
    {
        var (one, other, moderator) = (await Someone(), await Someone(), await AModerator());
        await using var stream = await Open(moderator);

        var ids = new[] { (Guid)(await ATicket(one))["id"]!, (Guid)(await ATicket(other))["id"]! };

        var heard = await stream.Until("ticket-left-unassigned", "ticket-assigned", of: ids[1]);
        heard.Where(e => e.Name == "ticket-created").Select(e => (Guid)e.Json["ticketId"]!).ShouldBe(ids);
    }

    [Fact]
    public async Task Who_comes_back_gets_exactly_what_was_missed()
    {
        var (owner, stranger) = (await Someone(), await Someone());
        var id = (Guid)(await ATicket(owner))["id"]!;
        await using var first = await Open(owner);
        await Reply(owner, id, 3);
        var last = (await first.Next(2))[^1];

        await Reply(stranger, (Guid)(await ATicket(stranger))["id"]!, 2);
        await Reply(owner, id, 2);
        await using var second = await Open(owner, last.Id);
        await Reply(owner, id, 1);
        await using var whole = await Open(owner, 0);

        var later = await second.Next(4);
        (await EventsOf(id)).Count.ShouldBe((int)later[^1].Json["version"]!);
        later.Select(e => (int)e.Json["version"]!).ShouldBe(Enumerable.Range((int)last.Json["version"]! + 1, 4));

        var all = await whole.Next(1);
        while (all[^1].Id < later[^1].Id)
            all.AddRange(await whole.Next(1));
        (all[0].Name, all.Count(e => e.Name == "ticket-replied")).ShouldBe(("ticket-created", 6));
    }

    [Fact]
    public async Task A_log_longer_than_a_page_is_told_without_a_gap_or_a_double()
    {
        var owner = await Someone();
        var id = Guid.CreateVersion7();
        await using var before = await Open(owner);
        var replies = Enumerable.Range(0, 2 * TicketLog.Page + 50).Select(_ => new TicketReplied(id, Guid.CreateVersion7(), owner.Id, "x")).ToArray<object>();
        await using (var session = Store.LightweightSession())
        {
            session.Events.StartStream<Ticket>(id, [new TicketCreated(id, Random.Shared.Next(1_000_000, int.MaxValue), owner.Id, "t", "d"), .. replies]);
            await session.SaveChangesAsync(Ct);
        }

        await using var stream = await Open(owner, before.StartedAt);
        (await stream.Next(replies.Length + 1)).Select(e => (int)e.Json["version"]!).ShouldBe(Enumerable.Range(1, replies.Length + 1));
    }

    [Fact]
    public async Task A_deleted_ticket_says_so_to_its_owner_and_nothing_after_it()
    {
        var (owner, admin) = (await Someone(), await Someone(Roles.Admin));
        var (id, other) = ((Guid)(await ATicket(owner))["id"]!, (Guid)(await ATicket(owner))["id"]!);
        await using var owners = await Open(owner);
        await using var admins = await Open(admin);

        await Append<Ticket>(id, new TicketDeleted(id, owner.Id, null));
        await Append<Ticket>(id, new TicketErased(id));
        await Reply(owner, other, 1);

        (await owners.Until("ticket-replied")).Select(e => e.Name).ShouldBe(["ticket-deleted", "ticket-replied"]);
        (await admins.Until("ticket-replied", of: other)).Where(e => (Guid)e.Json["ticketId"]! == id).Select(e => e.Name).ShouldBe(["ticket-deleted", "ticket-erased"]);
    }

    [Fact]
    public async Task A_stream_ends_when_what_let_it_in_does()
    {
        var ways = new Func<Caller, Task>[]
        {
            person => Call(person, "POST", "/api/auth/logout"),
            person => Append<User>(person.Id, new UserDeactivated(person.Id)),
            person => Append<User>(person.Id, new RoleChanged(person.Id, Roles.User, Roles.Moderator)),
        };

        foreach (var end in ways)
        {
            var (person, other) = (await Someone(), await Someone());
            await using var stream = await Open(person);
            await using var stays = await Open(other);
            await end(person);
            (await stream.Rest()).ShouldBeEmpty();

            var id = (Guid)(await ATicket(other))["id"]!;
            (await stays.Next(1))[0].Json["ticketId"]!.GetValue<Guid>().ShouldBe(id);
        }
    }

    [Fact]
    public async Task A_program_listens_with_its_key_until_the_key_is_revoked()
    {
        var person = await Someone();
        var made = await Call(person, "POST", "/api/auth/api-keys", new { name = "listener", scopes = new[] { "tickets:read" } });
        var program = person with { Token = (string)made.Body["apiKey"]!["secret"]! };
        await using var stream = await Open(program);

        var id = (Guid)(await ATicket(person))["id"]!;
        (await stream.Next(1))[0].Json["ticketId"]!.GetValue<Guid>().ShouldBe(id);
        await Call(person, "DELETE", $"/api/auth/api-keys/{made.Body["apiKey"]!["id"]}");

        await stream.Rest();
    }

    [Fact]
    public async Task The_answer_begins_at_once_and_nobody_keeps_it()
    {
        await using var stream = await Open(await Someone());

        stream.Answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        stream.Answer.Headers.CacheControl!.NoStore.ShouldBeTrue();
        stream.Answer.Headers.GetValues("X-Accel-Buffering").ShouldBe(["no"]);
        stream.Answer.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
    }

    [Fact]
    public async Task Bad_requests_are_refused()
    {
        var person = await Someone();
        foreach (var header in new[] { "x", "-1", "1,2", "9223372036854775807", "99999999999999999999" })
            (await Call(person, "GET", "/api/tickets/events", more: x => x.WithRequestHeader("Last-Event-ID", header))).ShouldFault("Last-Event-ID");

        (await Call(null, "GET", "/api/tickets/events")).ShouldRefuse(401, "unauthenticated");

        var streams = new List<LiveEvents>();
        for (var n = 0; n < new LiveOptions().StreamsPerPerson; n++)
            streams.Add(await Open(person));
        var sixth = await Call(person, "GET", "/api/tickets/events");
        sixth.ShouldRefuse(429, "too-many-streams").Http.Response.Headers.RetryAfter.ToString().ShouldBe("10");
        foreach (var stream in streams)
            await stream.DisposeAsync();
    }

    private async Task Reply(Caller caller, Guid ticketId, int times)
    {
        for (var n = 0; n < times; n++)
            (await Call(caller, "PUT", "/api/tickets/ticket-reply", new { ticketId, message = "hello" })).Status.ShouldBe(200);
    }

    private async Task<LiveEvents> Open(Caller caller, long? after = null)
    {
        var client = Host.Server.CreateClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", caller.Token);
        if (after is not null)
            client.DefaultRequestHeaders.Add("Last-Event-ID", $"{after}");

        var answer = await client.GetAsync("/api/tickets/events", HttpCompletionOption.ResponseHeadersRead, Ct);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await LiveEvents.Of(client, answer, Ct);
    }
}
