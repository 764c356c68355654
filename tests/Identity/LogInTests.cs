using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using TicMate.Identity;
using TicMate.Identity.Contracts;
using TicMate.Identity.Passwords;
using TicMate.Identity.Profile;
using TicMate.Identity.Sessions;
using TicMate.Tests.Fakes;

namespace TicMate.Tests.Identity;

public sealed class LogInTests(App app) : AppTest(app)
{
    private const string Password = "Secret123!";

    [Fact]
    public async Task A_sign_in_sets_the_cookies_that_old_clients_look_for()
    {
        var admin = await WithPassword(await Someone(Roles.Admin));
        var user = await WithPassword(await Someone());

        Cookies(await LogIn(admin.Email)).ShouldBe(["adminToken", "dt", "token"]);
        var reply = await LogIn(user.Email);
        Cookies(reply).ShouldBe(["dt", "token"]);

        var cookie = reply.Http.Response.Headers.SetCookie.ToString();
        cookie.ShouldContain("httponly", Case.Insensitive);
        cookie.ShouldContain("samesite=lax", Case.Insensitive);
        cookie.ShouldContain((string)reply.Body["token"]!);
    }

    [Fact]
    public async Task The_cookie_is_as_good_as_the_header_and_signing_out_ends_both()
    {
        var token = (string)(await LogIn((await WithPassword(await Someone())).Email)).Body["token"]!;
        void Cookie(Scenario x) => x.WithRequestHeader("Cookie", $"token={token}");

        (await Call(null, "GET", "/api/auth/user", more: Cookie)).Status.ShouldBe(200);
        var out_ = await Call(null, "POST", "/api/auth/logout", more: Cookie);

        out_.Status.ShouldBe(200);
        Cookies(out_).ShouldBe(["adminToken", "token"]);
        (await Call(null, "GET", "/api/auth/user", more: Cookie)).ShouldRefuse(401, "unauthenticated");
        (await Call(null, "GET", "/api/auth/user", more: x => x.WithRequestHeader("Authorization", $"Bearer {token}"))).ShouldRefuse(401, "unauthenticated");
    }

    [Fact]
    public async Task Signing_out_without_a_session_is_harmless() =>
        (await Call(null, "POST", "/api/auth/logout")).Status.ShouldBe(200);

    [Fact]
    public async Task A_wrong_password_and_an_unknown_address_look_the_same()
    {
        var person = await WithPassword(await Someone());
        var wrong = (await Call(null, "POST", "/api/auth/login", new { email = person.Email, password = "Wrong123!" })).ShouldRefuse(401, "wrong-credentials");
        var unknown = (await Call(null, "POST", "/api/auth/login", new { email = "nobody@example.org", password = "Wrong123!" })).ShouldRefuse(401, "wrong-credentials");

        (wrong.Body["traceId"], unknown.Body["traceId"]) = ("", "");
        wrong.Body.ToJsonString().ShouldBe(unknown.Body.ToJsonString());
    }

    [Fact]
    public async Task Bad_sign_ins_are_refused()
    {
        (await Call(null, "POST", "/api/auth/login")).ShouldFault("email", "password");
        (await Call(null, "POST", "/api/auth/login", new { email = 1, password = new[] { "a" } })).ShouldFault("email", "password");
        (await Call(null, "POST", "/api/auth/login", new { email = new string('a', 255), password = new string('p', 1_025) })).ShouldFault("email", "password");
        (await Call(null, "POST", "/api/auth/login", "nonsense")).ShouldRefuse(400, "invalid-json");
    }

    [Fact]
    public async Task A_password_kept_under_an_older_cost_is_kept_under_todays_after_a_sign_in()
    {
        var person = await Someone();
        await WithHash(person, Argon2Hash.Of(Password, new Argon2Cost(1_024, 1, 1)));

        (await LogIn(person.Email)).Status.ShouldBe(200);

        Argon2Hash.IsOutdated((await Load<Credential>(person.Id))!.PasswordHash, Argon2Cost.Owasp).ShouldBeFalse();
        (await LogIn(person.Email)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_token_is_worth_nothing_once_it_has_expired_or_is_not_ours()
    {
        var person = await Someone();
        var ours = Host.Services.GetRequiredService<IOptions<SignInOptions>>();
        var yesterday = new AccessTokens(new Keys(ours), new StoppedClock(DateTimeOffset.UtcNow.AddHours(-25)));
        var foreign = new AccessTokens(new Keys(Options.Create(new SignInOptions { Secret = "another secret, as long as the first one was" })), TimeProvider.System);

        foreach (var token in new[] { yesterday.Issue(person.Id, person.SessionId, "user"), foreign.Issue(person.Id, person.SessionId, "admin"), "x", person.Token + "x" })
            (await Call(person with { Token = token }, "GET", "/api/auth/user")).ShouldRefuse(401, "unauthenticated")
                .Http.Response.Headers.WWWAuthenticate.ToString().ShouldBe("Bearer error=\"invalid_token\"");
    }

    [Fact]
    public async Task A_browser_session_in_use_gets_a_fresh_cookie_from_half_of_its_life_on()
    {
        var person = await Someone();
        var earlier = new AccessTokens(Host.Services.GetRequiredService<Keys>(), new StoppedClock(DateTimeOffset.UtcNow.AddHours(-13)));

        var old = await Call(null, "GET", "/api/auth/user", more: x => x.WithRequestHeader("Cookie", $"token={earlier.Issue(person.Id, person.SessionId, "user")}"));
        var young = await Call(null, "GET", "/api/auth/user", more: x => x.WithRequestHeader("Cookie", $"token={person.Token}"));

        (old.Status, young.Status).ShouldBe((200, 200));
        Cookies(old).ShouldBe(["token"]);
        Cookies(young).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_foreign_page_cannot_use_the_cookie()
    {
        var person = await Someone();
        void FromElsewhere(Scenario x)
        {
            x.WithRequestHeader("Cookie", $"token={person.Token}");
            x.WithRequestHeader("Origin", "https://evil.example");
        }

        (await Call(null, "POST", "/api/tickets", new { title = "t", description = "d" }, FromElsewhere)).ShouldRefuse(403, "foreign-origin");
        foreach (var url in new[] { "/api/auth/login", "/api/auth/login/", "/API/auth/Login" })
            (await Call(null, "POST", url, new { email = "a@example.org", password = "x" }, FromElsewhere)).ShouldRefuse(403, "foreign-origin");
        (await Call(null, "POST", "/api/tickets", new { title = "t", description = "d" }, x =>
        {
            x.WithRequestHeader("Cookie", $"token={person.Token}");
            x.WithRequestHeader("Origin", "https://tickets.example.org");
        })).Status.ShouldBe(201);
        (await Call(person, "POST", "/api/tickets", new { title = "t", description = "d" }, x => x.WithRequestHeader("Origin", "https://evil.example"))).Status.ShouldBe(201);
    }

    private Task<Reply> LogIn(string email) => Call(null, "POST", "/api/auth/login", new { email, password = Password });

    private Task<Caller> WithPassword(Caller person) => WithHash(person, Argon2Hash.Of(Password, Argon2Cost.Owasp));

    private async Task<Caller> WithHash(Caller person, string hash)
    {
        await using var session = Store.LightweightSession();
        session.Store(new Credential(person.Id, hash));
        await session.SaveChangesAsync(Ct);
        return person;
    }

    private static string[] Cookies(Reply reply) => [.. reply.Http.Response.Headers.SetCookie.Select(c => c!.Split('=')[0]).Order()];
}
