using Marten;
using Marten.Services;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using TicMate.Identity.Contracts;
using TicMate.Identity.Passwords;
using TicMate.Identity.Sessions;
using TicMate.Tests.Fakes;

namespace TicMate.Tests.Identity.Sessions;

public sealed class SessionRevocationTests(App app) : AppTest(app)
{
    [Fact]
    public async Task A_session_that_ended_is_refused_from_the_next_request_on()
    {
        var ways = new Func<Caller, Task>[]
        {
            person => Call(person, "POST", "/api/auth/logout"),
            person => Call(person, "POST", "/api/auth/logout-everywhere"),
            async person => await Call(person, "DELETE", $"/api/auth/sessions/{(await Call(person, "GET", "/api/auth/sessions")).Body["sessions"]![0]!["id"]}"),
            person => Append<Session>(person.SessionId, new SessionEnded(person.SessionId, person.Id, "password-reset")),
            person => Append<User>(person.Id, new UserDeactivated(person.Id)),
            person => Append<User>(person.Id, new UserErased(person.Id)),
        };

        foreach (var end in ways)
        {
            var person = await Someone();
            (await Call(person, "GET", "/api/auth/user")).Status.ShouldBe(200);
            await end(person);
            (await Call(person, "GET", "/api/auth/user")).ShouldRefuse(401, "unauthenticated");
        }
    }

    [Fact]
    public async Task A_role_counts_from_the_next_request_on()
    {
        var (person, owner) = (await Someone(Roles.Moderator), await Someone());
        var ticket = (string)(await ATicket(owner))["id"]!;
        (await Call(person, "GET", $"/api/tickets/{ticket}")).Status.ShouldBe(200);

        await Append<User>(person.Id, new RoleChanged(person.Id, Roles.Moderator, Roles.User));

        (await Call(person, "GET", $"/api/tickets/{ticket}")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Another_node_hears_of_it()
    {
        var (person, other) = (await Someone(), await Someone(Roles.Admin));
        await using var node = await ANode();
        await node.Knows(person);
        await node.Knows(other);

        await node.Forgets(person.SessionId, () => Call(person, "POST", "/api/auth/logout"));
        (await node.Find(person)).ShouldBeNull();
        node.Cache.FindSession(other.SessionId).ShouldNotBeNull("what did not change is still known without a look-up");

        await node.Forgets(other.Id, () => Append<User>(other.Id, new RoleChanged(other.Id, Roles.Admin, Roles.User)));
        (await node.Find(other))!.User.Role.ShouldBe(Roles.User);

        await node.Knows(other);
        await node.Forgets(other.Id, () => Append<User>(other.Id, new UserDeactivated(other.Id)));
        (await node.Find(other)).ShouldBeNull();
    }

    [Fact]
    public async Task A_node_that_is_cut_off_knows_nothing_until_it_hears_again()
    {
        var person = await Someone();
        await using var node = await ANode();
        await node.Knows(person);

        await node.GoesDeaf(async () =>
        {
            await using var session = Store.QuerySession();
            (await session.QueryAsync<bool>("select pg_terminate_backend(?)", Ct, node.Ears.ServerProcess!.Value)).ShouldBe([true]);
        });
        node.Cache.FindSession(person.SessionId).ShouldBeNull();
        var next = await Someone();
        await node.HearsAgain();
        await node.Knows(next);
        await node.Forgets(next.SessionId, () => Call(next, "POST", "/api/auth/logout"));
        (await node.Find(next)).ShouldBeNull();
    }

    [Fact]
    public async Task A_node_that_hears_nothing_looks_every_session_up_and_starts_afresh_when_it_hears_again()
    {
        var (person, other) = (await Someone(), await Someone());
        await using var node = await ANode();
        await node.Knows(person);
        await node.GoesDeaf(() => node.Ears.StopAsync(Ct));

        (await node.Find(person)).ShouldNotBeNull();
        (await node.Find(other)).ShouldNotBeNull();
        await Call(person, "POST", "/api/auth/logout");
        (await node.Find(person)).ShouldBeNull();

        await Call(other, "POST", "/api/auth/logout");
        await node.HearsAgain(() => node.Ears.StartAsync(Ct));
        (await node.Find(other)).ShouldBeNull();
    }

    [Fact]
    public void What_was_read_before_a_change_was_heard_of_is_not_remembered()
    {
        var cache = AHearingCache(out _);
        var standing = AStanding();

        var readIn = cache.Epoch;
        cache.Forget(standing.Session.Id);
        cache.Put(readIn, standing);
        cache.FindSession(standing.Session.Id).ShouldBeNull();

        cache.Put(cache.Epoch, standing);
        cache.FindSession(standing.Session.Id).ShouldNotBeNull();
        cache.Forget(standing.User.Id);
        cache.FindSession(standing.Session.Id).ShouldBeNull();
    }

    [Fact]
    public void Without_a_sign_of_life_for_a_second_nothing_is_known()
    {
        var cache = AHearingCache(out var clock);
        var standing = AStanding();
        cache.Put(cache.Epoch, standing);

        clock.Now += TimeSpan.FromMilliseconds(999);
        cache.FindSession(standing.Session.Id).ShouldNotBeNull();
        clock.Now += TimeSpan.FromMilliseconds(1);
        cache.FindSession(standing.Session.Id).ShouldBeNull();

        cache.Heard(clock.GetTimestamp());
        cache.FindSession(standing.Session.Id).ShouldNotBeNull();
        cache.Deaf();
        cache.FindSession(standing.Session.Id).ShouldBeNull();
    }

    [Fact]
    public async Task A_request_of_a_known_session_reads_nothing_from_the_database()
    {
        var cache = AHearingCache(out var clock);
        var standing = AStanding();
        cache.Put(cache.Epoch, standing);

        var lookup = new SessionLookup(cache, new LastUses(null!), null!, clock);

        (await lookup.FindSessionAsync(standing.User.Id, standing.Session.Id, Ct)).ShouldNotBeNull();
        (await lookup.FindSessionAsync(Guid.CreateVersion7(), standing.Session.Id, Ct)).ShouldBeNull();
    }

    [Fact]
    public void Memory_is_bounded()
    {
        var cache = AHearingCache(out _);
        var standings = Enumerable.Range(0, 60_000).Select(_ => AStanding()).ToArray();
        foreach (var standing in standings)
            cache.Put(cache.Epoch, standing);

        standings.Count(s => cache.FindSession(s.Session.Id) is not null).ShouldBeLessThanOrEqualTo(50_000);
        cache.FindSession(standings[^1].Session.Id).ShouldNotBeNull();
    }

    [Fact]
    public async Task The_node_that_changes_something_forgets_it_before_it_answers()
    {
        var person = await Someone();
        var cache = AHearingCache(out var clock);
        var lookup = new SessionLookup(cache, new LastUses(Store), Store, clock);
        (await lookup.FindSessionAsync(person.Id, person.SessionId, Ct)).ShouldNotBeNull();
        cache.FindSession(person.SessionId).ShouldNotBeNull();

        await using var session = Store.LightweightSession(new SessionOptions { Listeners = { new TellSessionNews(cache, new()) } });
        (await session.HoldSessionsAsync(person.Id, Ct)).End("password-changed").Execute(session);
        await session.SaveChangesAsync(Ct);

        cache.FindSession(person.SessionId).ShouldBeNull();
    }

    [Fact]
    public async Task A_refresh_waits_for_whoever_holds_the_session()
    {
        var (person, sessionId) = (await Someone(), Guid.CreateVersion7());
        await using (var session = Store.LightweightSession())
        {
            session.Events.StartStream<Session>(sessionId, new SignedIn(sessionId, person.Id) { Kind = SessionKind.Bearer });
            await session.SaveChangesAsync(Ct);
        }

        Task<Reply> refreshing;
        await using (var other = Store.LightweightSession())
        {
            await other.Events.FetchForExclusiveWriting<Session>(sessionId, Ct);
            refreshing = Call(null, "POST", "/api/auth/refresh", new { refreshToken = Host.Services.GetRequiredService<RefreshTokens>().For(sessionId, 1) });
            await Waits(refreshing, "tuple", "transactionid");

            other.Store(new RefreshHead(sessionId, 3, DateTimeOffset.UtcNow));
            await other.SaveChangesAsync(Ct);
        }

        (await refreshing).ShouldRefuse(401, "refresh-token-invalid");
    }

    [Fact]
    public async Task A_sign_in_with_the_old_password_does_not_outlive_its_change()
    {
        var person = await Someone();
        await using (var session = Store.LightweightSession())
        {
            session.Store(new Credential(person.Id, Argon2Hash.Of("Secret123!", Argon2Cost.Owasp)));
            await session.SaveChangesAsync(Ct);
        }

        Task<Reply> signingIn;
        await using (var change = Store.LightweightSession())
        {
            var open = await change.HoldSessionsAsync(person.Id, Ct);
            signingIn = Call(null, "POST", "/api/auth/login", new { email = person.Email, password = "Secret123!" });
            await Waits(signingIn, "advisory");

            change.Store(new Credential(person.Id, Argon2Hash.Of("Another123!", Argon2Cost.Owasp)));
            open.End("password-reset").Execute(change);
            await change.SaveChangesAsync(Ct);
        }

        (await signingIn).ShouldRefuse(401, "wrong-credentials");
        await using var reading = Store.QuerySession();
        (await reading.Query<Session>().CountAsync(s => s.UserId == person.Id && s.EndedAt == null, Ct)).ShouldBe(0);
    }

    // Until PostgreSQL says that it waits for somebody's lock, or it did not have to wait.
    private async Task Waits(Task task, params string[] locks)
    {
        await using var session = Store.QuerySession();
        await Until(
            async () => task.IsCompleted || (await session.QueryAsync<int>("select count(*)::int from pg_locks where locktype = any(?) and not granted", Ct, (object)locks))[0] > 0,
            $"somebody waits for a lock on {string.Join(" or ", locks)}");
    }

    private static SessionCache AHearingCache(out StoppedClock clock)
    {
        clock = new StoppedClock(new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero));
        var cache = new SessionCache(clock);
        cache.Heard(clock.GetTimestamp());
        return cache;
    }

    private static Standing AStanding()
    {
        var (at, user) = (new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.Zero), Guid.CreateVersion7());
        return new Standing(new Session { Id = Guid.CreateVersion7(), UserId = user, StartedAt = at }, new User { Id = user }, at);
    }

    private async Task<Node> ANode()
    {
        var node = new Node(Store);
        await node.HearsAgain();
        return node;
    }

    /// <summary>What another process of the service has: a memory and ears of its own. Its clock stands, so that only news changes what it knows.</summary>
    private sealed class Node : IAsyncDisposable
    {
        private readonly SessionLookup lookup;

        public Node(IDocumentStore store)
        {
            var clock = new StoppedClock(DateTimeOffset.UtcNow);
            Cache = new SignallingCache(clock);
            lookup = new SessionLookup(Cache, new LastUses(store), store, clock);
            Ears = new HearSessionNews(store, Cache, new(), TimeProvider.System, NullLogger<HearSessionNews>.Instance);
            Cache.SameClock = clock;
            _ = Ears.StartAsync(Ct);
        }

        public SignallingCache Cache { get; }
        public HearSessionNews Ears { get; }

        public Task<Standing?> Find(Caller caller) => lookup.FindSessionAsync(caller.Id, caller.SessionId, Ct).AsTask();

        public async Task Knows(Caller caller)
        {
            (await Find(caller)).ShouldNotBeNull();
            Cache.FindSession(caller.SessionId).ShouldNotBeNull();
        }

        public Task HearsAgain(Func<Task>? cause = null) => Cache.Next("hears", cause ?? (() => Task.CompletedTask));
        public Task GoesDeaf(Func<Task> cause) => Cache.Next("deaf", cause);
        public Task Forgets(Guid id, Func<Task> cause) => Cache.Next(id, cause);

        public async ValueTask DisposeAsync()
        {
            await Ears.StopAsync(CancellationToken.None).InTime("it stops listening");
            Ears.Dispose();
        }
    }

    private sealed class SignallingCache(TimeProvider clock) : SessionCache(clock)
    {
        private volatile Tuple<object, TaskCompletionSource>? awaited;

        public TimeProvider SameClock { get; set; } = clock;

        public async Task Next(object what, Func<Task> cause)
        {
            var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            awaited = Tuple.Create(what, signal);
            await cause();
            await signal.Task.InTime($"the node notices: {what}");
        }

        public override void Forget(Guid id)
        {
            base.Forget(id);
            Happened(id);
        }

        public override void Heard(long timestamp)
        {
            base.Heard(SameClock.GetTimestamp());
            Happened("hears");
        }

        public override void Deaf()
        {
            base.Deaf();
            Happened("deaf");
        }

        private void Happened(object what)
        {
            if (awaited is { } waiting && waiting.Item1.Equals(what))
                waiting.Item2.TrySetResult();
        }
    }
}
