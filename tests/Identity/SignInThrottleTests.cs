using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using TicMate.Identity;
using TicMate.Identity.Contracts;
using TicMate.Identity.Passwords;
using TicMate.Identity.Profile;
using TicMate.Identity.Sessions;
using TicMate.Identity.Sessions.Throttle;

namespace TicMate.Tests.Identity;

/// <summary>The service with all its limits, on a clock that can be moved forward. The first wait is longer than a busy machine's pause.</summary>
public sealed class AppWithLimits : App
{
    public MovableClock Clock { get; } = new();

    protected override bool HasLimits => true;

    protected override IEnumerable<(string, string)> Settings => [("Throttle:Pair:FirstDelay", "00:01:00")];

    protected override void Configure(IServiceCollection services) => services.AddSingleton<TimeProvider>(Clock);
}

/// <summary>The time, and however much later a test says it is.</summary>
public sealed class MovableClock : TimeProvider
{
    private TimeSpan ahead;

    public void Advance(TimeSpan by) => ahead += by;
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + ahead;
    public override long GetTimestamp() => System.GetTimestamp() + (long)(ahead.TotalSeconds * TimestampFrequency);
}

[CollectionDefinition]
public sealed class OneAppWithLimits : ICollectionFixture<AppWithLimits>;

public sealed class FailureCountTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ThrottleOptions Rules = new();

    [Fact]
    public void After_five_free_failures_the_wait_doubles_up_to_a_quarter_of_an_hour_and_no_further()
    {
        var (now, count, waits) = (Start, FailureCount.None(Start), new List<double>());
        for (var failure = 1; failure <= 18; failure++)
        {
            count = count.Plus(Rules.Pair, now);
            waits.Add(count.Wait(now).TotalSeconds);
            now += count.Wait(now);
        }

        waits.ShouldBe([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]);
    }

    [Fact]
    public void Free_failures_are_forgotten_a_quarter_of_an_hour_after_the_first()
    {
        var count = FailureCount.None(Start);
        for (var failure = 0; failure < 4; failure++)
            count = count.Plus(Rules.Pair, Start.AddMinutes(4 * failure));

        count.Failures.ShouldBe(4);
        count.Plus(Rules.Pair, Start.AddMinutes(15).AddTicks(-1)).Failures.ShouldBe(5);
        count.Plus(Rules.Pair, Start.AddMinutes(15)).ShouldBe(FailureCount.None(Start).Plus(Rules.Pair, Start.AddMinutes(15)));
    }

    [Fact]
    public void Once_tries_are_delayed_only_quiet_makes_them_free_again()
    {
        var count = Times(5, Rules.Pair);

        count.Plus(Rules.Pair, Start.AddMinutes(15)).Failures.ShouldBe(6);
        count.Plus(Rules.Pair, Start.AddMinutes(15).AddSeconds(1)).Failures.ShouldBe(1);
    }

    [Fact]
    public void An_address_waits_for_the_rest_of_its_five_minutes()
    {
        Times(29, Rules.Address).Wait(Start).ShouldBe(TimeSpan.Zero);
        Times(30, Rules.Address).Wait(Start.AddMinutes(2)).ShouldBe(TimeSpan.FromMinutes(3));
        Times(30, Rules.Address).Plus(Rules.Address, Start.AddMinutes(5)).Failures.ShouldBe(1);
    }

    [Fact]
    public void Strangers_have_a_hundred_guesses_at_an_account_and_then_one_every_half_minute()
    {
        foreach (var rule in new[] { Rules.Account, Rules.Consecutive })
        {
            Times(99, rule).Wait(Start).ShouldBe(TimeSpan.Zero);
            Times(100, rule).Wait(Start).ShouldBe(TimeSpan.FromSeconds(30));
            Times(10_000, rule).Wait(Start).ShouldBe(TimeSpan.FromSeconds(30));
        }
    }

    private static FailureCount Times(int failures, ThrottleRule rule)
    {
        var count = FailureCount.None(Start);
        for (var i = 0; i < failures; i++)
            count = count.Plus(rule, Start);

        return count;
    }
}

public sealed class KnownDeviceTests
{
    private readonly MovableClock clock = new();

    [Fact]
    public void A_device_is_known_to_the_account_that_was_signed_in_from_it_and_to_no_other()
    {
        var (devices, cookie) = (Devices(), Signed("ada@example.org"));

        devices.Find(With(cookie), " ADA@example.org ").ShouldNotBeNull();
        devices.Find(With(cookie), "bob@example.org").ShouldBeNull();
        Devices("another secret, as long as the first one").Find(With(cookie), "ada@example.org").ShouldBeNull();
    }

    [Fact]
    public void Whoever_makes_or_changes_a_cookie_is_unknown()
    {
        var cookie = Signed("ada@example.org");
        foreach (var forged in new[] { "", "x", cookie[..^1], cookie + "A", (cookie[0] == 'A' ? 'B' : 'A') + cookie[1..], new string('A', cookie.Length), new string('A', 5_000), "%%%", "ü" })
            Devices().Find(With(forged), "ada@example.org").ShouldBeNull(forged);
    }

    [Fact]
    public void A_device_is_forgotten_half_a_year_after_its_last_sign_in()
    {
        var cookie = Signed("ada@example.org");
        clock.Advance(TimeSpan.FromDays(179));
        var first = Devices().Find(With(cookie), "ada@example.org").ShouldNotBeNull();
        var renewed = Signed("ada@example.org", With(cookie));
        clock.Advance(TimeSpan.FromDays(2));

        Devices().Find(With(cookie), "ada@example.org").ShouldBeNull();
        Devices().Find(With(renewed), "ada@example.org").ShouldBe(first);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public void The_cookie_is_for_the_service_alone(bool secure)
    {
        var http = new DefaultHttpContext();
        Devices(secure: secure).Remember(http, "ada@example.org");

        var cookie = http.Response.Headers.SetCookie.ToString();
        cookie.ShouldStartWith("dt=");
        cookie.ShouldContain("; max-age=15552000; path=/;");
        cookie.Contains("; secure", StringComparison.Ordinal).ShouldBe(secure);
        cookie.ShouldEndWith("; samesite=lax; httponly");
    }

    private KnownDevices Devices(string secret = "a secret of the tests, long enough for a key", bool secure = true) =>
        Options.Create(new SignInOptions { Secret = secret, SecureCookies = secure }) is var signIn ? new(new Keys(signIn), signIn, Options.Create(new ThrottleOptions()), clock) : null!;

    private string Signed(string email, HttpContext? http = null)
    {
        http ??= new DefaultHttpContext();
        Devices().Remember(http, email);
        return http.Response.Headers.SetCookie.ToString().Split(';')[0]["dt=".Length..];
    }

    private static DefaultHttpContext With(string cookie)
    {
        var http = new DefaultHttpContext();
        http.Request.Headers.Cookie = $"dt={cookie}";
        return http;
    }
}

[Collection<OneAppWithLimits>]
public sealed class SignInThrottleTests(AppWithLimits app) : Scenarios(app)
{
    private const string Password = "Secret123!";
    private static readonly Argon2Cost Cheap = new(64, 1, 1);
    private static int addresses;

    private SignInThrottle Throttle => Host.Services.GetRequiredService<SignInThrottle>();

    [Fact]
    public async Task A_hundred_wrong_passwords_at_once_get_no_further_than_five_in_a_row()
    {
        var (person, address) = (await SomeoneWithPassword(), AnAddress());

        var replies = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => LogIn(person.Email, "Wrong123!", address)));

        replies.Count(r => r.Status == 401).ShouldBe(5);
        replies.Count(r => r.Status == 429).ShouldBe(95);
        var wait = (await LogIn(person.Email, Password, address)).ShouldRefuse(429, "too-many-attempts").Http.Response.Headers.RetryAfter.ToString();
        int.Parse(wait, CultureInfo.InvariantCulture).ShouldBeInRange(1, 60);
    }

    [Fact]
    public async Task An_address_without_an_account_is_throttled_like_one_with()
    {
        var (known, unknown) = ((await SomeoneWithPassword()).Email, $"{Guid.NewGuid():N}@example.org");
        foreach (var email in new[] { known, unknown })
        {
            var address = AnAddress();
            for (var failure = 1; failure <= 5; failure++)
                (await LogIn(failure % 2 == 0 ? email : $" {email.ToUpperInvariant()}", "Wrong123!", address)).ShouldRefuse(401, "wrong-credentials");

            (await LogIn(email, "Wrong123!", address)).ShouldRefuse(429, "too-many-attempts");
        }
    }

    [Fact]
    public async Task Waiting_ends_and_a_success_wipes_the_slate()
    {
        var (person, address) = (await SomeoneWithPassword(), AnAddress());
        for (var failure = 1; failure <= 5; failure++)
            await LogIn(person.Email, "Wrong123!", address);

        (await LogIn(person.Email, Password, address)).Status.ShouldBe(429);
        await Later(TimeSpan.FromMinutes(1));
        (await LogIn(person.Email, Password, address)).Status.ShouldBe(200);

        for (var failure = 1; failure <= 5; failure++)
            (await LogIn(person.Email, "Wrong123!", address)).Status.ShouldBe(401);

        (await LogIn(person.Email, Password, address)).Status.ShouldBe(429);
    }

    [Fact]
    public async Task One_address_has_thirty_wrong_passwords_however_many_accounts_it_tries()
    {
        var (person, address, neighbour) = (await SomeoneWithPassword(), "2001:db8:0:1::1", "2001:db8:0:1:ffff::2");
        for (var failure = 1; failure <= 30; failure++)
            (await Try($"p{failure}-{person.Email}", address)).IsRight.ShouldBeFalse();

        var wait = (await Try(person.Email, neighbour)).Wait.ShouldNotBeNull();
        wait.ShouldBeInRange(TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(5));
        (await Try(person.Email, "2001:db8:0:2::1")).Wait.ShouldBeNull();

        // Signing in to an account of one's own in between does not make room.
        (await Try(person.Email, AnAddress(), right: true)).IsRight.ShouldBeTrue();
        (await Try(person.Email, address)).Wait.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_success_gives_an_address_back_its_own_try_and_no_more()
    {
        var address = AnAddress();
        for (var failure = 1; failure <= 29; failure++)
            await Try($"p{failure}-{address}", address);

        for (var success = 1; success <= 3; success++)
            (await Try($"mine-{address}", address, right: true)).IsRight.ShouldBeTrue();

        (await Try($"x-{address}", address)).Wait.ShouldBeNull();
        (await Try($"y-{address}", address)).Wait.ShouldNotBeNull();
    }

    [Fact]
    public async Task Two_hundred_addresses_have_a_hundred_guesses_and_the_owner_signs_in_meanwhile()
    {
        var (owner, running) = (await SomeoneWithPassword(), new TaskCompletionSource<bool>());
        var known = DeviceOf(owner);

        var guesses = Enumerable.Range(0, 500).Select(i => Throttle.TryAsync(From($"10.9.{i % 2}.{i % 100}"), owner.Email, _ => running.Task, Ct)).ToArray();
        (await LogIn(owner.Email, Password, "10.9.0.0", known)).Status.ShouldBe(200);
        running.SetResult(false);

        (await Task.WhenAll(guesses)).Count(g => g.Wait is null).ShouldBe(100);
        (await LogIn(owner.Email, Password, "10.9.0.0", known)).Status.ShouldBe(200);

        // From an unknown device the owner waits his turn, which is never long.
        var wait = (await LogIn(owner.Email, Password, AnAddress())).ShouldRefuse(429, "too-many-attempts").Http.Response.Headers.RetryAfter.ToString();
        int.Parse(wait, CultureInfo.InvariantCulture).ShouldBeInRange(1, 30);
        await Later(TimeSpan.FromSeconds(30));
        (await LogIn(owner.Email, Password, AnAddress())).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_sign_in_makes_the_device_known()
    {
        var person = await SomeoneWithPassword();
        var reply = await LogIn(person.Email, Password, AnAddress());

        var cookie = reply.Http.Response.Headers.SetCookie.Single(c => c!.StartsWith("dt=", StringComparison.Ordinal))!.Split(';')[0];
        var http = From("10.0.0.1");
        http.Request.Headers.Cookie = cookie;
        Host.Services.GetRequiredService<KnownDevices>().Find(http, person.Email).ShouldNotBeNull();
        (await LogIn(person.Email, "Wrong123!", AnAddress())).Http.Response.Headers.SetCookie.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_stolen_device_cookie_has_a_counter_too()
    {
        var person = await SomeoneWithPassword();
        var known = DeviceOf(person);

        for (var failure = 1; failure <= 5; failure++)
            (await LogIn(person.Email, "Wrong123!", AnAddress(), known)).Status.ShouldBe(401);

        (await LogIn(person.Email, Password, AnAddress(), known)).Status.ShouldBe(429);
        (await LogIn(person.Email, Password, AnAddress())).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Proof_by_mail_forgets_what_strangers_did()
    {
        var email = $"{Guid.NewGuid():N}@example.org";
        for (var failure = 1; failure <= 100; failure++)
            await Try(email, $"10.8.0.{failure}");

        (await Try(email, "10.8.1.1")).Wait.ShouldNotBeNull();
        await Throttle.ForgetAsync(From("10.8.1.1"), email);
        (await Try(email, "10.8.1.1")).Wait.ShouldBeNull();
    }

    [Fact]
    public async Task While_everyone_is_under_attack_an_address_has_five()
    {
        var throttle = ActivatorUtilities.CreateInstance<SignInThrottle>(Host.Services, Options.Create(new SignInOptions { Secret = "counters of this test alone, long enough" }),
            Options.Create(new ThrottleOptions { Everyone = new ThrottleRule { Free = 10, Window = TimeSpan.FromMinutes(5) } }));
        async Task<bool> Wrong(string email, string address) => (await throttle.TryAsync(From(address), email, _ => Task.FromResult(false), Ct)).Wait is null;

        for (var failure = 1; failure <= 10; failure++)
            (await Wrong($"p{failure}@example.org", "10.7.0.1")).ShouldBeTrue();

        var let = 0;
        for (var failure = 1; failure <= 10; failure++)
            let += await Wrong($"q{failure}@example.org", "10.7.0.2") ? 1 : 0;

        let.ShouldBe(5);
        (await Wrong("r@example.org", "10.7.0.3")).ShouldBeTrue();
    }

    [Fact]
    public async Task A_try_that_never_compared_anything_is_not_counted()
    {
        var (email, address) = ($"{Guid.NewGuid():N}@example.org", AnAddress());
        for (var i = 1; i <= 10; i++)
            await Should.ThrowAsync<TooBusyException>(Throttle.TryAsync(From(address), email, _ => throw new TooBusyException(), Ct));

        (await Try(email, address)).Wait.ShouldBeNull();
    }

    [Fact]
    public async Task Nothing_is_compared_while_one_has_to_wait_and_the_metric_counts_it()
    {
        var (email, address, throttled) = ($"{Guid.NewGuid():N}@example.org", AnAddress(), 0L);
        using var listener = new MeterListener { InstrumentPublished = (instrument, l) => { if (instrument.Name == "ticmate.sign_in.throttled") l.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => { if (tags[0].Value is "pair") Interlocked.Add(ref throttled, value); });
        listener.Start();

        for (var i = 1; i <= 5; i++)
            await Try(email, address);

        (await Throttle.TryAsync(From(address), email, _ => throw new InvalidOperationException("compared"), Ct)).Wait.ShouldNotBeNull();
        throttled.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Failures_are_events_apart_from_the_account_and_no_more_than_the_throttle_lets_through()
    {
        var (person, address) = (await SomeoneWithPassword(), AnAddress());

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => LogIn(person.Email, "Wrong123!", address)));
        await LogIn($"{Guid.NewGuid():N}@example.org", "Wrong123!", address);

        (await EventsOf(SignInFailures.StreamOf(person.Id, app.Clock.GetUtcNow()))).ShouldBe(Enumerable.Repeat<object>(new SignInFailed(person.Id, "wrong-password"), 5));
        (await EventsOf(SignInFailures.StreamOf(null, app.Clock.GetUtcNow()))).ShouldContain(new SignInFailed(null, "unknown-address"));
        (await EventsOf(person.Id)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task The_counters_hold_no_address_and_go_when_they_mean_nothing()
    {
        var (email, address) = ($"{Guid.NewGuid():N}@example.org", AnAddress());
        await Try(email, address);
        var before = await Sql("select count(*)");
        (await Sql($"select count(*) from (select f::text from ticmate.{SignInThrottle.Table} f) r(t) where t like '%{email[..8]}%' or t like '%{address}%'", whole: true)).ShouldBe(0);

        await Later(TimeSpan.FromDays(31));
        await Try(email, AnAddress());
        await Throttle.SweepAsync(Ct);

        before.ShouldBeGreaterThanOrEqualTo(5);
        (await Sql("select count(*)")).ShouldBe(5);
    }

    private async Task<Caller> SomeoneWithPassword()
    {
        var person = await Someone();
        await using var session = Store.LightweightSession();
        session.Store(new Credential(person.Id, Argon2Hash.Of(Password, Cheap)));
        await session.SaveChangesAsync(Ct);
        return person;
    }

    private string DeviceOf(Caller person)
    {
        var http = new DefaultHttpContext();
        Host.Services.GetRequiredService<KnownDevices>().Remember(http, person.Email);
        return http.Response.Headers.SetCookie.ToString().Split(';')[0];
    }

    private Task<Reply> LogIn(string email, string password, string address, string? cookie = null) => Call(null, "POST", "/api/auth/login", new { email, password }, x =>
    {
        x.ConfigureHttpContext(http => http.Connection.RemoteIpAddress = IPAddress.Parse(address));
        if (cookie is not null)
            x.WithRequestHeader("Cookie", cookie);
    });

    private Task<Verdict> Try(string email, string address, bool right = false) => Throttle.TryAsync(From(address), email, _ => Task.FromResult(right), Ct);

    private static DefaultHttpContext From(string address) => new() { Connection = { RemoteIpAddress = IPAddress.Parse(address) } };

    private static string AnAddress() => $"10.1.{Interlocked.Increment(ref addresses)}.1";

    // Moves what the counters remember into the past, which is what time does.
    private Task<long> Later(TimeSpan by) => Sql(
        $"with moved as (update ticmate.{SignInThrottle.Table} set since = since - i, free_at = free_at - i, forgotten_at = forgotten_at - i from (select interval '{by.TotalSeconds} seconds') later(i) returning 1) select count(*) from moved", whole: true);

    private async Task<long> Sql(string sql, bool whole = false)
    {
        await using var connection = Store.Storage.Database.CreateConnection();
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand(whole ? sql : $"{sql} from ticmate.{SignInThrottle.Table}", connection);
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }
}
