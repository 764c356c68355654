using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using TicMate.Identity;
using TicMate.Identity.Contracts;
using TicMate.Identity.Passwords;
using TicMate.Identity.Sessions;
using TicMate.Tests.Fakes;
using Wolverine.Tracking;

namespace TicMate.Tests.Identity.Sessions;

public sealed class BearerSessionTests(App app) : AppTest(app)
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_program_signs_in_without_cookies_and_refreshes_without_its_expired_token()
    {
        var person = await Someone();
        await Store_(new Credential(person.Id, Argon2Hash.Of("Secret123!", new Argon2Cost(1_024, 1, 1))));

        var signedIn = await Call(null, "POST", "/api/auth/login", new { email = person.Email, password = "Secret123!", session = "bearer" });
        signedIn.Status.ShouldBe(200);
        signedIn.Http.Response.Headers.SetCookie.ShouldBeEmpty();
        ((int)signedIn.Body["expiresIn"]!, (string?)signedIn.Body["user"]!["email"]).ShouldBe((600, person.Email));

        var first = await Refresh((string?)signedIn.Body["refreshToken"]);
        var second = await Refresh(first);

        second.Status.ShouldBe(200);
        second.Http.Response.Headers.SetCookie.ShouldBeEmpty();
        foreach (var reply in new[] { signedIn, first, second })
            (await Call(person with { Token = (string)reply.Body["token"]! }, "GET", "/api/auth/user")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_browser_session_has_no_refresh_token_and_an_unknown_kind_is_a_fault()
    {
        var person = await Someone();
        await Store_(new Credential(person.Id, Argon2Hash.Of("Secret123!", new Argon2Cost(1_024, 1, 1))));

        var signedIn = await Call(null, "POST", "/api/auth/login", new { email = person.Email, password = "Secret123!", session = "cookie" });
        signedIn.Body.AsObject().ContainsKey("refreshToken").ShouldBeFalse();
        signedIn.Http.Response.Headers.SetCookie.ShouldNotBeEmpty();

        (await Call(null, "POST", "/api/auth/login", new { email = person.Email, password = "Secret123!", session = "eternal" })).ShouldFault("session");
        (await Refresh(RefreshTokens.For(person.SessionId, 1))).ShouldRefuse(401, "refresh-token-invalid");
    }

    [Fact]
    public async Task Who_uses_an_old_refresh_token_ends_the_session_and_its_owner_hears_of_it()
    {
        var (person, token) = await AProgram();
        var second = await Refresh(token);
        var third = await Refresh(second);

        Reply reused = null!;
        await Host.ExecuteAndWaitAsync(async () => reused = await Refresh(token), 30_000);

        reused.ShouldRefuse(401, "refresh-token-invalid");
        (await EventsOf(person.SessionId)).Skip(1).ShouldBe([new RefreshTokenReused(person.SessionId, person.Id), new SessionEnded(person.SessionId, person.Id, "token-reused")]);
        (await Refresh(third)).ShouldRefuse(401, "refresh-token-invalid");
        (await Call(person, "GET", "/api/auth/user")).ShouldRefuse(401, "unauthenticated");
        (await Call(person with { Token = (string)third.Body["token"]! }, "GET", "/api/auth/user")).ShouldRefuse(401, "unauthenticated");
        (await App.Smtp.MailFor(person.Email, Ct)).Message.TextBody!.ShouldContain("ended that session");

        (await Refresh(token)).ShouldRefuse(401, "refresh-token-invalid");
        (await EventsOf(person.SessionId)).Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_lost_answer_is_given_again_for_ten_seconds()
    {
        var (person, token) = await AProgram();

        var first = await Refresh(token);
        var again = await Refresh(token);
        ((string?)again.Body["refreshToken"]).ShouldBe((string?)first.Body["refreshToken"]);

        await Store_(new RefreshHead(person.SessionId, 2, DateTimeOffset.UtcNow.AddSeconds(-11)));
        (await Refresh(token)).ShouldRefuse(401, "refresh-token-invalid");
        (await Load<Session>(person.SessionId))!.EndedAt.ShouldNotBeNull();
    }

    [Fact]
    public async Task Twenty_refreshes_at_once_leave_one_head()
    {
        var (person, token) = await AProgram();

        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Refresh(token)));

        replies.Select(r => r.Status).Distinct().ShouldBe([200]);
        replies.Select(r => (string?)r.Body["refreshToken"]).Distinct().Count().ShouldBe(1);
        (await Load<RefreshHead>(person.SessionId))!.Generation.ShouldBe(2);
        (await Load<Session>(person.SessionId))!.EndedAt.ShouldBeNull();
    }

    [Fact]
    public async Task What_is_no_refresh_token_of_an_open_session_is_refused_alike()
    {
        var (person, token) = await AProgram();
        var foreign = new RefreshTokens(new Keys(Options.Create(new SignInOptions { Secret = "another secret, as long as the first one was" })));
        var last = token[^1] == 'A' ? 'Q' : 'A';

        foreach (var wrong in new[] { "x", token[..^1], token[..^1] + last, foreign.For(person.SessionId, 1), RefreshTokens.For(Guid.CreateVersion7(), 1), person.Token })
            (await Refresh(wrong)).ShouldRefuse(401, "refresh-token-invalid");

        (await Call(null, "POST", "/api/auth/refresh")).ShouldFault("refreshToken");
        (await Call(null, "POST", "/api/auth/refresh", new { refreshToken = 5 })).ShouldFault("refreshToken");
        (await EventsOf(person.SessionId)).Count.ShouldBe(1);

        await Append<User>(person.Id, new UserDeactivated(person.Id));
        (await Refresh(token)).ShouldRefuse(401, "refresh-token-invalid");
    }

    [Fact]
    public async Task A_session_left_alone_for_a_week_cannot_be_refreshed()
    {
        var (person, _) = await AProgram();
        await Store_(new RefreshHead(person.SessionId, 5, DateTimeOffset.UtcNow.AddDays(-7).AddMinutes(-1)));
        (await Refresh(RefreshTokens.For(person.SessionId, 5))).ShouldRefuse(401, "refresh-token-invalid");

        await Store_(new RefreshHead(person.SessionId, 5, DateTimeOffset.UtcNow.AddDays(-7).AddMinutes(1)));
        (await Refresh(RefreshTokens.For(person.SessionId, 5))).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("bearer", "user", 14 * 24)]
    [InlineData("bearer", "moderator", 12)]
    [InlineData("bearer", "admin", 12)]
    [InlineData("cookie", "user", 30 * 24)]
    [InlineData("cookie", "admin", 30 * 24)]
    public void No_session_lives_longer_than_its_kind_and_role_allow(string kind, string role, int hours)
    {
        var session = new Session { Kind = kind, StartedAt = Noon };
        var end = Noon.AddHours(hours);

        session.IsOver(role, end, end).ShouldBeFalse();
        session.IsOver(role, end, end.AddSeconds(1)).ShouldBeTrue();
        (session with { EndedAt = Noon }).IsOver(role, Noon, Noon).ShouldBeTrue();
    }

    [Theory]
    [InlineData("bearer", "user", 7 * 24)]
    [InlineData("bearer", "admin", 1)]
    [InlineData("bearer", "moderator", 1)]
    [InlineData("cookie", "admin", 1)]
    public void A_session_left_alone_is_over(string kind, string role, int hours)
    {
        var session = new Session { Kind = kind, StartedAt = Noon };
        var end = Noon.AddHours(hours);

        session.IsOver(role, Noon, end).ShouldBeFalse();
        session.IsOver(role, Noon, end.AddSeconds(1)).ShouldBeTrue();
        session.IsOver(role, Noon.AddMinutes(2), end.AddSeconds(1)).ShouldBeFalse();
    }

    [Fact]
    public void A_refresh_token_outlives_a_change_of_the_secret_while_the_old_one_is_listed()
    {
        var options = new SignInOptions { Secret = "the first secret, long enough to be a secret" };
        var session = Guid.CreateVersion7();
        var token = new RefreshTokens(new Keys(Options.Create(options))).For(session, 3);

        RefreshTokens After(params string[] previous) => new(new Keys(Options.Create(new SignInOptions { Secret = "the second secret, long enough as well", PreviousSecrets = previous })));

        After(options.Secret).Read(token).ShouldBe(new RefreshToken(session, 3));
        After().Read(token).ShouldBeNull();
    }

    private RefreshTokens RefreshTokens => Host.Services.GetRequiredService<RefreshTokens>();

    private Task<Reply> Refresh(string? token) => Call(null, "POST", "/api/auth/refresh", new { refreshToken = token });

    private Task<Reply> Refresh(Reply earlier) => Refresh((string?)earlier.Body["refreshToken"]);

    // Someone signed in with a program, and its first refresh token.
    private async Task<(Caller, string)> AProgram()
    {
        var (person, sessionId) = (await Someone(), Guid.CreateVersion7());
        await using var session = Store.LightweightSession();
        session.Events.StartStream<Session>(sessionId, new SignedIn(sessionId, person.Id) { Kind = SessionKind.Bearer });
        await session.SaveChangesAsync(Ct);

        var token = Host.Services.GetRequiredService<AccessTokens>().Issue(person.Id, sessionId, AccessTokens.BearerLifetime);
        return (person with { SessionId = sessionId, Token = token }, RefreshTokens.For(sessionId, 1));
    }

    private async Task Store_<T>(T document) where T : class
    {
        await using var session = Store.LightweightSession();
        session.Store(document);
        await session.SaveChangesAsync(Ct);
    }
}
