using Marten;
using Microsoft.Extensions.DependencyInjection;
using TicMate.Identity.Contracts;
using TicMate.Identity.Sessions;
using TicMate.Tests.Fakes;

namespace TicMate.Tests.Identity.Sessions;

public sealed class SessionListTests(App app) : AppTest(app)
{
    [Fact]
    public async Task A_person_sees_their_sessions_and_ends_one()
    {
        var here = await Someone();
        var there = await Again(here, SessionKind.Bearer);
        await Someone();

        var list = await Call(here, "GET", "/api/auth/sessions");
        list.Status.ShouldBe(200);
        var sessions = list.Body["sessions"]!.AsArray();
        sessions.Select(s => ((bool)s!["current"]!, (string)s["kind"]!)).ShouldBe([(false, "bearer"), (true, "cookie")]);
        ((string?)sessions[0]!["createdAt"]).ShouldEndWith("Z");
        list.Body["next"].ShouldBeNull();
        foreach (var secret in new[] { here.SessionId, there.SessionId })
            list.Body.ToJsonString().ShouldNotContain(secret.ToString());

        (await Call(here, "DELETE", $"/api/auth/sessions/{sessions[0]!["id"]}")).Status.ShouldBe(200);

        (await Call(there, "GET", "/api/auth/user")).ShouldRefuse(401, "unauthenticated");
        (await Call(here, "GET", "/api/auth/sessions")).Body["sessions"]!.AsArray().Count.ShouldBe(1);
        (await EventsOf(there.SessionId))[^1].ShouldBe(new SessionEnded(there.SessionId, here.Id, "ended-elsewhere"));
        (await Call(here, "DELETE", $"/api/auth/sessions/{sessions[0]!["id"]}")).ShouldRefuse(404, "session-not-found");
    }

    [Fact]
    public async Task Ending_the_current_session_is_a_sign_out()
    {
        var person = await Someone();
        var id = (await Call(person, "GET", "/api/auth/sessions")).Body["sessions"]![0]!["id"];

        var ended = await Call(person, "DELETE", $"/api/auth/sessions/{id}");

        ended.Http.Response.Headers.SetCookie.Count.ShouldBe(2);
        (await EventsOf(person.SessionId))[^1].ShouldBe(new SessionEnded(person.SessionId, person.Id, "signed-out"));
        (await Call(person, "GET", "/api/auth/user")).ShouldRefuse(401, "unauthenticated");
    }

    [Fact]
    public async Task Nobody_ends_the_session_of_somebody_else()
    {
        var (person, other) = (await Someone(), await Someone(Roles.Admin));
        var id = (await Call(person, "GET", "/api/auth/sessions")).Body["sessions"]![0]!["id"];

        foreach (var wrong in new[] { $"{id}", $"{person.SessionId}", $"{other.SessionId}", "x", $"{Guid.Empty}" })
            (await Call(other, "DELETE", $"/api/auth/sessions/{wrong}")).Status.ShouldBe(404, wrong);

        (await Call(person, "GET", "/api/auth/user")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Signing_out_everywhere_ends_every_session_the_current_one_too()
    {
        var here = await Someone();
        var there = await Again(here, SessionKind.Bearer);
        var stranger = await Someone();

        var answer = await Call(here, "POST", "/api/auth/logout-everywhere");

        answer.Status.ShouldBe(200);
        answer.Http.Response.Headers.SetCookie.Count.ShouldBe(2);
        foreach (var session in new[] { here, there })
        {
            (await Call(session, "GET", "/api/auth/user")).ShouldRefuse(401, "unauthenticated");
            (await EventsOf(session.SessionId))[^1].ShouldBe(new SessionEnded(session.SessionId, here.Id, "signed-out-everywhere"));
        }

        (await Call(stranger, "GET", "/api/auth/user")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_slice_can_spare_a_session_and_an_ended_one_stays_as_it_was()
    {
        var here = await Someone();
        var (there, gone) = (await Again(here, SessionKind.Cookie), await Again(here, SessionKind.Cookie));
        await Append<Session>(gone.SessionId, new SessionEnded(gone.SessionId, here.Id, "signed-out"));

        await using (var session = Store.LightweightSession())
        {
            var open = await session.HoldSessionsAsync(here.Id, Ct);
            open.End("password-changed", except: here.SessionId).Execute(session);
            await session.SaveChangesAsync(Ct);
        }

        (await Call(here, "GET", "/api/auth/user")).Status.ShouldBe(200);
        (await Call(there, "GET", "/api/auth/user")).Status.ShouldBe(401);
        (await EventsOf(gone.SessionId)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task The_list_has_pages()
    {
        var person = await Someone();
        for (var i = 0; i < 4; i++)
            await Again(person, SessionKind.Cookie);

        var (seen, cursor) = (new List<string>(), "");
        while (true)
        {
            var page = await Call(person, "GET", $"/api/auth/sessions?limit=2{cursor}");
            seen.AddRange(page.Body["sessions"]!.AsArray().Select(s => (string)s!["id"]!));
            if ((string?)page.Body["next"] is not { } next)
                break;

            cursor = $"&cursor={next}";
        }

        (seen.Count, seen.Distinct().Count()).ShouldBe((5, 5));
        (await Call(person, "GET", "/api/auth/sessions?limit=0")).ShouldFault("limit");
        (await Call(person, "GET", "/api/auth/sessions?cursor=x")).ShouldFault("cursor");
        (await Call(person, "GET", "/api/auth/sessions?colour=red")).ShouldFault("colour");
    }

    [Fact]
    public async Task The_list_tells_to_the_minute_when_a_session_was_last_used()
    {
        var person = await Someone();
        var clock = new StoppedClock(DateTimeOffset.UtcNow.AddSeconds(30));
        var uses = new LastUses(Store);
        var lookup = new SessionLookup(new SessionCache(clock), uses, Store, clock);

        async Task<string?> LastSeen()
        {
            (await lookup.FindSessionAsync(person.Id, person.SessionId, Ct)).ShouldNotBeNull();
            await uses.SaveAsync(Ct);
            return (string?)(await Call(person, "GET", "/api/auth/sessions")).Body["sessions"]![0]!["lastSeenAt"];
        }

        (await LastSeen()).ShouldBeNull();
        clock.Now += TimeSpan.FromMinutes(1);
        var first = await LastSeen();
        DateTimeOffset.Parse(first!, System.Globalization.CultureInfo.InvariantCulture).ShouldBe(clock.Now, TimeSpan.FromMilliseconds(1));
        clock.Now += TimeSpan.FromSeconds(59);
        (await LastSeen()).ShouldBe(first);
    }

    [Fact]
    public async Task A_staff_session_used_on_another_node_is_not_idle()
    {
        var admin = await Someone(Roles.Admin);
        var clock = new StoppedClock(DateTimeOffset.UtcNow);
        var cache = new SessionCache(clock);
        var lookup = new SessionLookup(cache, new LastUses(Store), Store, clock);
        Task<Standing?> Find() => lookup.FindSessionAsync(admin.Id, admin.SessionId, Ct).AsTask();
        (await Find()).ShouldNotBeNull();

        clock.Now += TimeSpan.FromMinutes(61);
        cache.Heard(clock.GetTimestamp());
        (await Find()).ShouldBeNull();

        await using var session = Store.LightweightSession();
        session.Store(new LastUse(admin.SessionId, clock.Now.AddMinutes(-30)));
        await session.SaveChangesAsync(Ct);
        cache.Heard(clock.GetTimestamp());
        (await Find()).ShouldNotBeNull();
    }

    private async Task<Caller> Again(Caller person, string kind)
    {
        var id = Guid.CreateVersion7();
        await using var session = Store.LightweightSession();
        session.Events.StartStream<Session>(id, new SignedIn(id, person.Id) { Kind = kind });
        await session.SaveChangesAsync(Ct);
        return person with { SessionId = id, Token = Host.Services.GetRequiredService<AccessTokens>().Issue(person.Id, id, Roles.User) };
    }
}
