using System.Text.Json;
using System.Text.Json.Nodes;
using Alba;
using Marten;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using TicMate.Host;
using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using Wolverine;
using Wolverine.Tracking;

namespace TicMate.Tests.Host;

[Collection<OneApp>]
public sealed class IdempotencyTests(App app) : KeyedCalls(app)
{
    [Fact]
    public async Task Who_sends_a_ticket_again_gets_the_first_answer_again_to_the_byte()
    {
        var (person, key) = (await Someone(), AKey());
        var first = await PostAndSettle(person, key);
        var again = await Post(person, key);

        (first.Status, IsReplay(first)).ShouldBe((201, false));
        IsReplay(again).ShouldBeTrue();
        Wire(again).ShouldBe(Wire(first));
        again.Http.Response.Headers.Location.ToString().ShouldBe($"/api/tickets/{first.Id("ticket")}");
        (await Load<Ticket>(first.Id("ticket")))!.Version.ShouldBeGreaterThan((int)again.Ticket["version"]!);
        (await TicketsOf(person)).ShouldBe(1);
    }

    [Fact]
    public async Task Of_a_hundred_at_once_one_makes_the_ticket()
    {
        var (person, key) = (await Someone(), AKey());
        var calls = new List<Task<Reply>>();
        await using (var elsewhere = Store.LightweightSession())
        {
            await elsewhere.BeginTransactionAsync(Ct);
            await using var wait = new NpgsqlCommand("lock table ticmate.mt_streams in share row exclusive mode");
            await (await elsewhere.ExecuteReaderAsync(wait, Ct)).DisposeAsync();
            calls.AddRange(Enumerable.Range(0, 100).Select(_ => Post(person, key)));
            while (calls.Count > 1)
            {
                var answered = await Task.WhenAny(calls).WaitAsync(TimeSpan.FromSeconds(20), Ct);
                (await answered).ShouldRefuse(409, "idempotency-in-flight").Http.Response.Headers.RetryAfter.ToString().ShouldBe("1");
                calls.Remove(answered);
            }
        }

        var made = await calls.Single();
        (made.Status, IsReplay(made)).ShouldBe((201, false));
        Wire(await Post(person, key)).ShouldBe(Wire(made));
        (await TicketsOf(person)).ShouldBe(1);
    }

    [Fact]
    public async Task A_request_that_another_node_works_on_is_in_flight()
    {
        var (person, key) = (await Someone(), AKey());
        await using (var elsewhere = Store.LightweightSession())
        {
            await elsewhere.BeginTransactionAsync(Ct);
            var id = Idempotency.IdOf(person.Id, "POST", "/api/tickets", key);
            await elsewhere.QueryAsync<int>("select 1 from (select pg_advisory_xact_lock(hashtextextended(?, 23))) locked", Ct, id.ToString());
            (await Post(person, key)).ShouldRefuse(409, "idempotency-in-flight");
        }

        (await Post(person, key)).Status.ShouldBe(201);
    }

    [Fact]
    public async Task A_key_is_for_one_body_one_query_one_person_and_one_route()
    {
        var (person, other, admin, key) = (await Someone(), await Someone(), await Someone(Roles.Admin), AKey());
        (await Post(person, key)).Status.ShouldBe(201);

        (await Post(person, key, new { title = "Another", description = "It burns." })).ShouldRefuse(422, "idempotency-key-reused");
        (await Post(person, key, url: "/api/tickets?a=b")).ShouldRefuse(422, "idempotency-key-reused");
        IsReplay(await Post(person, key, url: "/API/Tickets/")).ShouldBeTrue();
        (await TicketsOf(person)).ShouldBe(1);

        var others = await Post(other, key);
        (others.Status, IsReplay(others)).ShouldBe((201, false));

        (await Post(admin, key)).Status.ShouldBe(201);
        var invited = await PostAndSettle(admin, key, new { name = "Lee", email = $"{Guid.NewGuid():N}@example.org" }, "/api/admin/users");
        (invited.Status, IsReplay(invited)).ShouldBe((201, false));
    }

    [Fact]
    public async Task An_invitation_sent_again_is_one_account()
    {
        var (admin, key, email) = (await Someone(Roles.Admin), AKey(), $"{Guid.NewGuid():N}@example.org");
        var first = await PostAndSettle(admin, key, new { name = "Lee", email }, "/api/admin/users");
        var again = await Post(admin, key, new { name = "Lee", email }, "/api/admin/users");

        first.Status.ShouldBe(201);
        (Wire(again), IsReplay(again)).ShouldBe((Wire(first), true));

        await LoseTheAnswerTo(admin);
        var anew = await Post(admin, key, new { name = "Lee", email }, "/api/admin/users");
        (anew.Status, anew.Id("user"), IsReplay(anew)).ShouldBe((201, first.Id("user"), true));
    }

    [Fact]
    public async Task What_was_refused_may_be_tried_again_with_the_same_key()
    {
        var (person, key) = (await Someone(), AKey());

        (await Post(person, key, new { title = "" })).ShouldFault("title", "description");
        (await RecordsOf(person)).ShouldBeEmpty();
        var good = await Post(person, key);

        (good.Status, IsReplay(good)).ShouldBe((201, false));
    }

    [Fact]
    public async Task After_a_day_a_key_means_nothing_any_more()
    {
        var (person, key) = (await Someone(), AKey());
        var first = await Post(person, key);
        await Sql($"update {Records} set mt_last_modified = now() - interval '23 hours 59 minutes' where data ->> 'callerId' = '{person.Id}'");
        (await Post(person, key)).Id("ticket").ShouldBe(first.Id("ticket"));

        await Sql($"update {Records} set mt_last_modified = now() - interval '24 hours 1 second' where data ->> 'callerId' = '{person.Id}'");
        var second = await Post(person, key);
        (second.Status, IsReplay(second)).ShouldBe((201, false));
        Wire(await Post(person, key)).ShouldBe(Wire(second));

        await Host.Services.GetRequiredService<SweepIdempotency>().WorkAsync(Ct);
        (await RecordsOf(person)).Count.ShouldBe(1);
        await Sql($"update {Records} set mt_last_modified = now() - interval '24 hours 1 second' where data ->> 'callerId' = '{person.Id}'");
        await Host.Services.GetRequiredService<SweepIdempotency>().WorkAsync(Ct);
        (await RecordsOf(person)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_answer_that_died_with_its_process_is_made_again()
    {
        var (person, key) = (await Someone(), AKey());
        var first = await Post(person, key);
        await LoseTheAnswerTo(person);
        var again = await Post(person, key);

        (again.Status, again.Id("ticket"), IsReplay(again)).ShouldBe((201, first.Id("ticket"), true));
        again.Http.Response.Headers.Location.ShouldBe(first.Http.Response.Headers.Location);
        ((string?)again.Body["message"]).ShouldBe((string?)first.Body["message"]);
        again.Http.Response.Headers.ETag.ToString().ShouldBe($"\"{again.Ticket["version"]}\"");
        (await TicketsOf(person)).ShouldBe(1);
    }

    [Fact]
    public async Task An_answer_that_is_too_large_is_made_again_rather_than_kept()
    {
        var (person, key) = (await Someone(), AKey());
        var large = new { title = "Large", description = string.Concat(Enumerable.Repeat("😀", 10_000)) };
        var first = await Post(person, key, large);

        (await RecordsOf(person)).Single().Answer.ShouldBeNull();
        (await Post(person, key, large)).Id("ticket").ShouldBe(first.Id("ticket"));
    }

    [Theory]
    [InlineData(""), InlineData(" "), InlineData("a b"), InlineData("ü"), InlineData("a\tb"), InlineData("a\u007f")]
    public async Task What_is_no_key_is_refused(string key) => (await Post(await Someone(), key)).ShouldFault(Idempotency.KeyHeader);

    [Fact]
    public async Task A_key_has_at_most_255_characters_and_comes_once()
    {
        var person = await Someone();
        (await Post(person, new string('!', 256))).ShouldFault(Idempotency.KeyHeader);
        (await Post(person, new string('~', 255))).Status.ShouldBe(201);
        (await Call(person, "POST", "/api/tickets", new { title = "t", description = "d" }, With("a", "b"))).ShouldFault(Idempotency.KeyHeader);
        (await TicketsOf(person)).ShouldBe(1);
    }

    [Fact]
    public async Task Who_may_not_call_hears_that_whatever_the_key()
    {
        var (admin, key, body) = (await Someone(Roles.Admin), AKey(), new { name = "Lee", email = $"{Guid.NewGuid():N}@example.org" });
        (await PostAndSettle(admin, key, body, "/api/admin/users")).Status.ShouldBe(201);
        (await Post(admin, key)).Status.ShouldBe(201);
        await Append<User>(admin.Id, new RoleChanged(admin.Id, Roles.Admin, Roles.User));

        (await Post(admin, key, body, "/api/admin/users")).ShouldRefuse(403, "forbidden");
        (await Post(admin, key)).ShouldRefuse(403, "forbidden");
        await Append<User>(admin.Id, new UserDeactivated(admin.Id));
        (await Post(admin, key)).ShouldRefuse(401, "unauthenticated");
        (await TicketsOf(admin)).ShouldBe(1);
    }

    [Fact]
    public async Task Only_posts_take_a_key()
    {
        var person = await Someone();
        var (ticketId, key) = ((Guid)(await ATicket(person))["id"]!, AKey());
        for (var n = 0; n < 2; n++)
            IsReplay(await Call(person, "PUT", "/api/tickets/ticket-reply", new { ticketId, message = "hello" }, With(key))).ShouldBeFalse();
        (await Call(person, "POST", "/api/auth/api-keys", new { name = "k", scopes = new[] { "tickets:read" } }, With(key))).Status.ShouldBe(201);

        (await Load<Ticket>(ticketId))!.ReplyCount.ShouldBe(2);
        (await RecordsOf(person)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Erasing_somebody_empties_the_answers_that_name_them_and_keeps_that_it_was_done()
    {
        var (admin, moderator, owner) = (await Someone(Roles.Admin), await AModerator(), await Someone());
        var (key, body) = (AKey(), new { name = "Canary Lee", email = $"canary-{Guid.NewGuid():N}@example.org" });
        var lee = (await PostAndSettle(admin, key, body, "/api/admin/users")).Id("user");
        await PostAndSettle(owner, key, new { title = "canary-title", description = "canary-text" });

        var ticket = (await Post(owner, key, new { title = "canary-title", description = "canary-text" })).Id("ticket");
        await using (var session = Store.LightweightSession())
        {
            var answer = (await RecordsOf(owner)).Single().Answer!;
            session.Store(
                AModerators() with { Decided = JsonSerializer.Serialize(new { ticket }), Answer = answer },
                AModerators() with { Answer = answer with { Body = "kept-answer" } });
            IdempotentRequest AModerators() => new(Guid.NewGuid(), moderator.Id, Roles.Moderator, "f");
            await session.SaveChangesAsync(Ct);
        }

        foreach (var userId in new[] { lee, owner.Id })
            await Host.ExecuteAndWaitAsync(() => Call(admin, "DELETE", "/api/admin/delete-user", new { userId }), 30_000);

        var text = await TextOfTheWholeDatabase();
        text.ShouldNotContain(body.email);
        text.ShouldNotContain("canary-t");
        text.ShouldContain("kept-answer");
        (await RecordsOf(moderator)).Select(r => (r.Answer is null, r.Decided is null)).ShouldBe([(true, false), (false, true)], ignoreOrder: true);

        var again = await Post(admin, key, body, "/api/admin/users");
        (again.Status, IsReplay(again)).ShouldBe((200, true));
        again.Body["user"].ShouldBeNull();
    }

    [Fact]
    public void Every_post_that_is_repeated_can_answer_again()
    {
        var posts = Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("POST") is true)
            .Where(e => e.RoutePattern.RawText is { } route && route.StartsWith("/api/", StringComparison.Ordinal)
                && !route.StartsWith("/api/auth/", StringComparison.Ordinal))
            .ToArray();

        posts.Length.ShouldBeGreaterThan(1);
        foreach (var post in posts)
        {
            var endpoint = post.Metadata.GetMetadata<IdempotentEndpoint>().ShouldNotBeNull(post.RoutePattern.RawText);
            if (endpoint.Decides is { } type && type.IsAssignableTo(typeof(IResponseAware)))
                type.GetMethod("AnswerAsync").ShouldNotBeNull(type.Name).ReturnType.GetGenericTypeDefinition().ShouldBe(typeof(Task<>));
        }
    }

    [Fact]
    public async Task The_api_document_tells_of_the_key()
    {
        var paths = JsonNode.Parse(await (await Host.Scenario(x => x.Get.Url("/openapi/v1.json"))).ReadAsTextAsync())!["paths"]!;
        var create = paths["/api/tickets"]!["post"]!;

        create["parameters"]!.AsArray().Single(p => (string)p!["name"]! == "Idempotency-Key")!["in"]!.GetValue<string>().ShouldBe("header");
        create["responses"]!.AsObject().Select(r => r.Key).ShouldContain("422");
        create["responses"]!["201"]!["headers"]!["Idempotency-Replayed"].ShouldNotBeNull();
        create["responses"]!["200"].ShouldBeNull();
        paths["/api/auth/api-keys"]!["post"]!["parameters"].ShouldBeNull();
    }
}
