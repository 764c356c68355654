using System.Text;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using TicMate.Identity.ApiKeys;
using TicMate.Identity.Contracts;
using TicMate.Identity.Sessions;
using TicMate.Tests.Fakes;

namespace TicMate.Tests.Identity.ApiKeys;

public sealed class ApiKeyTests(App app) : AppTest(app)
{
    private static readonly string[] AllScopes = ["tickets:read", "tickets:write", "admin:read"];

    [Fact]
    public async Task A_key_is_shown_once_and_kept_as_a_hash()
    {
        var person = await Someone();
        var created = await Call(person, "POST", "/api/auth/api-keys", new { name = " CI ", scopes = new[] { "tickets:write", "tickets:read", "tickets:read" } });

        created.Status.ShouldBe(201);
        var key = created.Body["apiKey"]!;
        var secret = (string)key["secret"]!;
        secret.ShouldMatch("^tic_[a-z2-7]{10}_[0-9a-f]{64}$");
        ((string?)key["name"], (string?)key["prefix"]).ShouldBe(("CI", secret.Split('_')[1]));
        key["scopes"]!.AsArray().Select(s => (string?)s).ShouldBe(["tickets:read", "tickets:write"]);
        (DateTimeOffset.Parse((string)key["expiresAt"]!, null) - DateTimeOffset.Parse((string)key["createdAt"]!, null)).ShouldBe(TimeSpan.FromDays(90));

        var list = await Call(person, "GET", "/api/auth/api-keys");
        list.Body["apiKeys"]!.AsArray().Count.ShouldBe(1);
        ((string?)list.Body["apiKeys"]![0]!["id"], list.Body["next"]).ShouldBe(((string?)key["id"], null));
        list.Body.ToJsonString().ShouldNotContain(secret.Split('_')[2]);

        await using var session = Store.QuerySession();
        var stored = await session.Json.FindByIdAsync<ApiKey>((Guid)key["id"]!, Ct);
        stored.ShouldNotBeNull().ShouldNotContain(secret.Split('_')[2]);
        stored.ShouldContain("secretHash");
        (await EventsOf(person.Id)).OfType<ApiKeyCreated>().Single().KeyId.ShouldBe((Guid)key["id"]!);
    }

    [Fact]
    public async Task A_key_does_what_its_scopes_say_and_no_more()
    {
        var admin = await Someone(Roles.Admin);
        var (reads, writes, looks) = (await AKey(admin, "tickets:read"), await AKey(admin, "tickets:write"), await AKey(admin, "admin:read"));

        (await Call(reads, "GET", "/api/tickets")).Status.ShouldBe(200);
        (await Call(reads, "POST", "/api/tickets", new { title = "t", description = "d" })).ShouldRefuse(403, "api-key-scope");
        (await Call(writes, "POST", "/api/tickets", new { title = "t", description = "d" })).Status.ShouldBe(201);
        (await Call(writes, "GET", "/API/Tickets")).ShouldRefuse(403, "api-key-scope");
        (await Call(looks, "GET", "/api/tickets")).ShouldRefuse(403, "api-key-scope");
        (await Call(writes, "GET", "/api/nothing")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task A_key_is_for_no_account_and_makes_no_keys()
    {
        var key = await AKey(await Someone(Roles.Admin), AllScopes);

        foreach (var (method, url) in new[]
        {
            ("GET", "/api/auth/user"), ("PUT", "/api/auth/update"), ("GET", "/api/auth/sessions"), ("POST", "/api/auth/logout"), ("POST", "/api/auth/logout-everywhere"),
            ("GET", "/api/auth/api-keys"), ("POST", "/api/auth/api-keys"), ("POST", "/api/auth/refresh"), ("POST", "/api/auth/login"),
        })
            (await Call(key, method, url)).ShouldRefuse(403, "api-key-scope");
    }

    [Theory]
    [InlineData("GET", "/api/tickets", "tickets:read")]
    [InlineData("HEAD", "/api/tickets/{ticketId}", "tickets:read")]
    [InlineData("PUT", "api/tickets/edit-ticket", "tickets:write")]
    [InlineData("DELETE", "/api/tickets/delete-ticket", "tickets:write")]
    [InlineData("GET", "/api/admin/users", "admin:read")]
    [InlineData("PUT", "/api/admin/update-user", null)]
    [InlineData("POST", "/api/admin/users", null)]
    [InlineData("GET", "/api/auth/user", null)]
    [InlineData("GET", "/api/ticketsandmore", null)]
    [InlineData("GET", "/health/live", null)]
    public void Every_route_has_its_scope(string method, string route, string? scope) => ApiKeyScopes.For(method, route).ShouldBe(scope);

    [Fact]
    public async Task A_key_may_never_do_more_than_its_owner_now()
    {
        var (owner, author) = (await Someone(Roles.Moderator), await Someone());
        var ticket = (string)(await ATicket(author))["id"]!;
        var key = await AKey(owner, AllScopes);
        (await Call(key, "GET", $"/api/tickets/{ticket}")).Status.ShouldBe(200);

        await Append<User>(owner.Id, new RoleChanged(owner.Id, Roles.Moderator, Roles.User));
        (await Call(key, "GET", $"/api/tickets/{ticket}")).Status.ShouldBe(404);

        await Append<User>(owner.Id, new UserDeactivated(owner.Id));
        (await Call(key, "GET", "/api/tickets")).ShouldRefuse(401, "unauthenticated");
    }

    [Fact]
    public async Task A_revoked_key_is_refused_at_once()
    {
        var (owner, other) = (await Someone(), await Someone());
        var (key, kept) = (await AKey(owner, AllScopes), await AKey(owner, AllScopes));
        var id = (await Call(owner, "GET", "/api/auth/api-keys")).Body["apiKeys"]![1]!["id"];
        (await Call(key, "GET", "/api/tickets")).Status.ShouldBe(200);

        (await Call(other, "DELETE", $"/api/auth/api-keys/{id}")).ShouldRefuse(404, "api-key-not-found");
        (await Call(owner, "DELETE", $"/api/auth/api-keys/{id}")).Status.ShouldBe(200);

        (await Call(key, "GET", "/api/tickets")).ShouldRefuse(401, "unauthenticated");
        (await Call(kept, "GET", "/api/tickets")).Status.ShouldBe(200);
        (await Call(owner, "DELETE", $"/api/auth/api-keys/{id}")).ShouldRefuse(404, "api-key-not-found");
        (await EventsOf(owner.Id)).OfType<ApiKeyRevoked>().Single().KeyId.ShouldBe((Guid)id!);
        (await Call(owner, "GET", "/api/auth/api-keys")).Body["apiKeys"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_is_no_key_is_refused()
    {
        var key = await AKey(await Someone(), AllScopes);
        var last = key.Token[^1] == '0' ? '1' : '0';

        foreach (var wrong in new[] { "tic_", key.Token[..^1], key.Token[..^1] + last, key.Token + "0", "tic_abcdefghij_" + new string('0', 64), key.Token.ToUpperInvariant() })
            (await Call(key with { Token = wrong }, "GET", "/api/tickets")).ShouldRefuse(401, "unauthenticated");

        (await Call(null, "GET", "/api/tickets", more: x => x.WithRequestHeader("Cookie", $"token={key.Token}"))).ShouldRefuse(401, "unauthenticated");
    }

    [Fact]
    public async Task A_key_expires()
    {
        var person = await Someone();
        var expires = DateTimeOffset.UtcNow.AddDays(2);
        var created = await Call(person, "POST", "/api/auth/api-keys", new { name = "k", scopes = AllScopes, expiresAt = expires.ToString("yyyy-MM-dd'T'HH:mm:ssK", null) });
        created.Status.ShouldBe(201);
        var secret = ApiKeySecret.Read((string)created.Body["apiKey"]!["secret"]!)!;

        Task<KeyStanding?> At(DateTimeOffset now) => Lookup(new StoppedClock(now), new LastUses(Store)).FindKeyAsync(secret, Ct).AsTask();
        (await At(expires.AddSeconds(-2))).ShouldNotBeNull();
        (await At(expires)).ShouldBeNull();
    }

    [Fact]
    public async Task The_first_use_is_an_event_and_the_last_is_told_to_the_minute()
    {
        var person = await Someone();
        var key = await AKey(person, AllScopes);
        (await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Call(key, "GET", "/api/tickets")))).Select(r => r.Status).Distinct().ShouldBe([200]);
        (await EventsOf(person.Id)).OfType<ApiKeyFirstUsed>().Count().ShouldBe(1);

        async Task<DateTimeOffset> Told() => DateTimeOffset.Parse((string)(await Call(person, "GET", "/api/auth/api-keys")).Body["apiKeys"]![0]!["lastUsedAt"]!, null);
        var first = await Told();
        var (clock, uses) = (new StoppedClock(first.AddSeconds(90)), new LastUses(Store));
        var lookup = Lookup(clock, uses);

        async Task Use()
        {
            (await lookup.FindKeyAsync(ApiKeySecret.Read(key.Token)!, Ct)).ShouldNotBeNull();
            await uses.SaveAsync(Ct);
        }

        await Use();
        (await Told()).ShouldBe(clock.Now, TimeSpan.FromMilliseconds(1));
        clock.Now += TimeSpan.FromSeconds(59);
        await Use();
        (await Told()).ShouldBe(clock.Now.AddSeconds(-59), TimeSpan.FromMilliseconds(1));
        (await EventsOf(person.Id)).OfType<ApiKeyFirstUsed>().Count().ShouldBe(1);
    }

    [Fact]
    public async Task Nobody_has_more_than_twenty_keys_that_work_even_by_asking_for_all_at_once()
    {
        var person = await Someone();
        var replies = await Task.WhenAll(Enumerable.Range(0, 24).Select(_ => Call(person, "POST", "/api/auth/api-keys", new { name = "k", scopes = AllScopes })));

        replies.Count(r => r.Status == 201).ShouldBe(20);
        foreach (var refused in replies.Where(r => r.Status != 201))
            refused.ShouldRefuse(409, "too-many-api-keys");

        await using (var session = Store.LightweightSession())
        {
            var old = await session.Query<ApiKey>().FirstAsync(k => k.UserId == person.Id, Ct);
            session.Store(old with { ExpiresAt = DateTimeOffset.UtcNow.AddSeconds(-1) });
            await session.SaveChangesAsync(Ct);
        }

        (await Call(person, "POST", "/api/auth/api-keys", new { name = "k", scopes = AllScopes })).Status.ShouldBe(201);
        (await Call(person, "GET", "/api/auth/api-keys?limit=1")).Body["next"].ShouldNotBeNull();
    }

    [Fact]
    public async Task Bad_wishes_are_named_at_once()
    {
        var person = await Someone();
        Task<Reply> Create(object body) => Call(person, "POST", "/api/auth/api-keys", body);

        (await Create(new { })).ShouldFault("name", "scopes");
        (await Create(new { name = "", scopes = new[] { "admin:write" }, expiresAt = "soon" })).ShouldFault("name", "scopes", "expiresAt");
        (await Create(new { name = "k", scopes = AllScopes, expiresAt = DateTimeOffset.UtcNow.AddDays(370).ToString("yyyy-MM-dd", null) })).ShouldFault("expiresAt");
        (await Create(new { name = "k", scopes = AllScopes, expiresAt = "2020-01-01" })).ShouldFault("expiresAt");
        (await Create(new { name = 1, scopes = "tickets:read", expiresAt = 5 })).ShouldFault("name", "scopes", "expiresAt");
        (await Create(new { name = "k", scopes = new string?[] { null } })).ShouldFault("scopes");
        (await Call(null, "POST", "/api/auth/api-keys", new { name = "k", scopes = AllScopes })).ShouldRefuse(401, "unauthenticated");
    }

    private SessionLookup Lookup(StoppedClock clock, LastUses uses) => new(new SessionCache(clock), uses, Store, clock);

    private async Task<Caller> AKey(Caller owner, params string[] scopes)
    {
        var created = await Call(owner, "POST", "/api/auth/api-keys", new { name = "k", scopes });
        created.Status.ShouldBe(201, created.Json?.ToJsonString());
        return owner with { Token = (string)created.Body["apiKey"]!["secret"]! };
    }
}
