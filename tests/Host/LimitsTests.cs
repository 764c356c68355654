using System.Globalization;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using TicMate.Host;
using TicMate.Identity.Contracts;
using TicMate.Identity.Sessions.Throttle;
using TicMate.Tests.Identity;

namespace TicMate.Tests.Host;

public sealed class WindowTests
{
    private readonly MovableClock clock = new();

    [Fact]
    public void A_window_lets_its_limit_through_and_really_ends()
    {
        using var window = new Window([new Rate(3, TimeSpan.FromMinutes(1))], clock);

        Take(window, 4).ShouldBe([true, true, true, false]);
        clock.Advance(TimeSpan.FromSeconds(50));
        Take(window, 1).ShouldBe([false]);
        clock.Advance(TimeSpan.FromSeconds(10));
        Take(window, 4).ShouldBe([true, true, true, false]);
    }

    [Fact]
    public void Of_two_rates_each_holds_and_the_tightest_is_told()
    {
        using var window = new Window([new Rate(2, TimeSpan.FromMinutes(1)), new Rate(3, TimeSpan.FromHours(1))], clock);

        Take(window, 3).ShouldBe([true, true, false]);
        clock.Advance(TimeSpan.FromMinutes(1));
        Take(window, 2).ShouldBe([true, false]);
        Left(window).Limit.ShouldBe(3);
        Left(window).Reset.ShouldBeInRange(TimeSpan.FromMinutes(58), TimeSpan.FromMinutes(59));
        clock.Advance(TimeSpan.FromMinutes(59));
        Take(window, 2).ShouldBe([true, true]);
    }

    [Fact]
    public void It_may_be_thrown_away_only_when_all_of_it_is_over()
    {
        using var window = new Window([new Rate(2, TimeSpan.FromMinutes(1)), new Rate(3, TimeSpan.FromHours(1))], clock);
        window.IdleDuration.ShouldBeNull();
        Take(window, 1);
        clock.Advance(TimeSpan.FromMinutes(59));
        window.IdleDuration.ShouldBeNull();
        clock.Advance(TimeSpan.FromMinutes(2));
        window.IdleDuration.ShouldNotBeNull().ShouldBeInRange(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2));
    }

    private static bool[] Take(Window window, int times) => [.. Enumerable.Range(0, times).Select(_ => window.AttemptAcquire().IsAcquired)];

    private static RateLeft Left(Window window) => ((Window.Lease)window.AttemptAcquire()).Left;
}

public sealed class GateTests
{
    private readonly Channel<TaskCompletionSource> working = Channel.CreateUnbounded<TaskCompletionSource>();
    private CancellationToken aborted = CancellationToken.None;

    [Fact]
    public async Task So_many_work_so_many_wait_and_the_rest_hear_503()
    {
        using var gate = AGate();
        var (first, second, waiting) = (Send(gate), Send(gate), Send(gate));
        var (firstWork, secondWork) = (await NextAsync(), await NextAsync());

        var refused = Send(gate);
        await refused.Done.InTime("the fourth is refused");
        (refused.Http.Response.StatusCode, refused.Http.Response.Headers.RetryAfter.ToString()).ShouldBe((503, "1"));
        working.Reader.Count.ShouldBe(0);

        firstWork.SetResult();
        (await NextAsync()).SetResult();
        secondWork.SetResult();
        await Task.WhenAll(first.Done, second.Done, waiting.Done).InTime("all are answered");
    }

    [Fact]
    public async Task Whoever_stops_waiting_makes_room()
    {
        using var gate = AGate();
        using var gone = new CancellationTokenSource();
        _ = (Send(gate), Send(gate));
        var (work, _) = (await NextAsync(), await NextAsync());
        aborted = gone.Token;
        var waiting = Send(gate);
        aborted = CancellationToken.None;

        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(waiting.Done.InTime("the one that waits is told"));
        var next = Send(gate);
        work.SetResult();
        (await NextAsync()).SetResult();
        await next.Done.InTime("the next one is answered");
        next.Http.Response.StatusCode.ShouldBe(200);
    }

    [Fact]
    public async Task Health_and_passwords_pass_by()
    {
        using var gate = AGate();
        for (var i = 0; i < 10; i++)
        {
            Send(gate, "POST", "/api/auth/login");
            Send(gate, "GET", "/health/live", new DisableRateLimitingAttribute());
        }

        working.Reader.Count.ShouldBe(20);
        Send(gate);
        for (var i = 0; i < 21; i++)
            await NextAsync();
    }

    [Fact]
    public async Task An_answer_on_its_way_is_no_work()
    {
        using var gate = AGate();
        var first = Send(gate);
        _ = (Send(gate), Send(gate));
        _ = (await NextAsync(), await NextAsync());
        working.Reader.Count.ShouldBe(0);

        first.Starting.ForEach(callback => callback());
        await NextAsync();
    }

    private Gate AGate() => new(
        _ =>
        {
            var work = new TaskCompletionSource();
            working.Writer.TryWrite(work);
            return work.Task;
        },
        Options.Create(new GateOptions { InFlight = 2, Waiting = 1 }));

    private Task<TaskCompletionSource> NextAsync() => working.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().InTime("the next request is let in");

    private (DefaultHttpContext Http, Task Done, List<Action> Starting) Send(Gate gate, string method = "GET", string route = "/api/tickets", object? metadata = null)
    {
        var response = new Response();
        var http = new DefaultHttpContext();
        http.Features.Set<IHttpResponseFeature>(response);
        http.Request.Method = method;
        http.RequestAborted = aborted;
        http.SetEndpoint(new RouteEndpoint(_ => Task.CompletedTask, RoutePatternFactory.Parse(route), 0, new EndpointMetadataCollection(metadata is null ? [] : [metadata]), route));
        return (http, gate.InvokeAsync(http, new Problems()), response.Starting);
    }

    private sealed class Response : HttpResponseFeature
    {
        public List<Action> Starting { get; } = [];
        public override void OnStarting(Func<object, Task> callback, object state) => Starting.Add(() => callback(state));
    }

    private sealed class Problems : IProblemDetailsService
    {
        public ValueTask WriteAsync(ProblemDetailsContext context) => new ProblemWriter().WriteAsync(context);
    }
}

public sealed class ClientAddressTests
{
    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7"), InlineData("::ffff:192.0.2.7", "192.0.2.7"), InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:2::", "2001:db8:1:2::/64"), InlineData("fe80::1%3", "fe80::/64"), InlineData(null, "no connection")]
    public void Limits_count_an_ipv4_address_or_an_ipv6_network(string? address, string group) =>
        ClientAddress.GroupOf(new DefaultHttpContext { Connection = { RemoteIpAddress = address is null ? null : IPAddress.Parse(address) } }).ShouldBe(group);

    [Theory]
    [InlineData("", "10.0.0.7", "203.0.113.9", "10.0.0.7")]
    [InlineData("10.0.0.8", "10.0.0.7", "203.0.113.9", "10.0.0.7")]
    [InlineData("10.0.0.7", "10.0.0.7", "203.0.113.9", "203.0.113.9")]
    [InlineData("10.0.0.0/8, 2001:db8::1", "10.0.0.7", "198.51.100.1, 203.0.113.9", "203.0.113.9")]
    [InlineData("10.0.0.0/8,203.0.113.0/24", "10.0.0.7", "198.51.100.1, 203.0.113.9", "203.0.113.9")]
    [InlineData("2001:db8::1", "2001:db8::1", "203.0.113.9", "203.0.113.9")]
    [InlineData("10.0.0.7", "::ffff:10.0.0.7", "203.0.113.9", "203.0.113.9")]
    [InlineData("10.0.0.7", "10.0.0.7", "nonsense", "10.0.0.7")]
    public async Task Only_a_listed_proxy_is_believed_and_only_for_one_hop(string known, string peer, string forwardedFor, string client)
    {
        var configuration = new ConfigurationManager { ["KnownProxies"] = known, ["ForwardedHeaders_Enabled"] = "true" };
        await using var services = new ServiceCollection().AddLogging().AddClientAddresses(configuration).BuildServiceProvider();
        var app = new ApplicationBuilder(services);
        app.UseForwardedHeaders();
        var http = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(peer) } };
        http.Request.Scheme = "http";
        http.Request.Headers["X-Forwarded-For"] = forwardedFor;
        http.Request.Headers["X-Forwarded-Proto"] = "https";
        http.Request.Headers["X-Forwarded-Host"] = "evil.example";

        await app.Build()(http);

        ClientAddress.Of(http).ShouldBe(IPAddress.Parse(client));
        http.Request.Scheme.ShouldBe(client != peer ? "https" : "http");
        http.Request.Host.Value.ShouldNotBe("evil.example");
        configuration["ForwardedHeaders_Enabled"].ShouldBe("false");
    }

    [Theory]
    [InlineData("KnownProxies", "everyone"), InlineData("KnownProxies", "0.0.0.0/0"), InlineData("RateLimits:Read:PerMinute", "0"), InlineData("RateLimits:Read:PerMinute", "many")]
    [InlineData("Gate:InFlight", "-1"), InlineData("Throttle:Pair:Window", "soon"), InlineData("Throttle:Pair:Free", "five")]
    public void A_limit_that_cannot_be_meant_stops_the_start(string key, string value) =>
        Should.Throw<SettingException>(() => new ConfigurationManager { [key] = value }.CheckLimits());

    [Fact]
    public void A_limit_is_set_alone()
    {
        var throttle = new ConfigurationManager { ["Throttle:Pair:Free"] = "7" }.GetSection("Throttle").Get<ThrottleOptions>()!;
        (throttle.Pair, throttle.Address).ShouldBe((new ThrottleOptions().Pair with { Free = 7 }, new ThrottleOptions().Address));

        var limits = new ConfigurationManager { ["RateLimits:Register:PerHour"] = "50" }.GetSection("RateLimits").Get<RateLimitOptions>()!;
        (limits.Register, limits.Read).ShouldBe((new Allowance { PerMinute = 10, PerHour = 50 }, new Allowance { PerMinute = 300 }));
    }
}

[Collection<OneAppWithLimits>]
public sealed class RateLimitTests(AppWithLimits app) : Scenarios(app)
{
    private static int addresses;

    private IEnumerable<RouteEndpoint> Endpoints => Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    private IEnumerable<(RouteEndpoint Endpoint, string Method, string Route)> Routes => Endpoints.SelectMany(
        e => e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Select(method => (e, method, RateLimits.Route(method, e))) ?? []);

    [Fact]
    public void Every_route_in_the_tables_is_served() =>
        RateLimits.Table.Keys.Concat(Gate.PasswordRoutes).Except(Routes.Select(r => r.Route)).ShouldBeEmpty();

    [Fact]
    public void Every_change_that_anybody_may_make_has_its_own_policy() => Routes
        .Where(r => r.Endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null && r.Method is not ("GET" or "HEAD"))
        .Select(r => r.Route).Except(RateLimits.Table.Keys).Except(["POST /api/auth/logout", "DELETE /dev/mail"]).ShouldBeEmpty();

    [Fact]
    public void Every_route_falls_under_a_policy_that_there_is()
    {
        var policies = new RateLimitOptions().ByName;
        foreach (var (endpoint, method, route) in Routes)
        {
            var http = new DefaultHttpContext { Request = { Method = method } };
            http.SetEndpoint(endpoint);
            if (RateLimits.Of(http).Policy is { Length: > 0 } policy)
                policies.Keys.ShouldContain(policy, route);
            else
                (route == "POST /api/auth/login" || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null).ShouldBeTrue(route);
        }
    }

    [Fact]
    public async Task The_eleventh_registration_is_too_many_and_the_minute_ends()
    {
        var address = AnAddress();
        for (var i = 1; i <= 10; i++)
            Left(await Ask(address, "POST", "/api/auth/register")).ShouldBe((400, "10", (10 - i).ToString(CultureInfo.InvariantCulture)));

        var refused = (await Ask(address, "POST", "/api/auth/register")).ShouldRefuse(429, "too-many-requests");
        Left(refused).ShouldBe((429, "10", "0"));
        int.Parse(refused.Http.Response.Headers.RetryAfter.ToString(), CultureInfo.InvariantCulture).ShouldBeInRange(50, 60);
        var reset = long.Parse(refused.Http.Response.Headers["X-RateLimit-Reset"].ToString(), CultureInfo.InvariantCulture);
        (DateTimeOffset.FromUnixTimeSeconds(reset) - app.Clock.GetUtcNow()).ShouldBeInRange(TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(61));

        // Others, and what else there is to do, are not affected.
        (await Ask(AnAddress(), "POST", "/api/auth/register")).Status.ShouldBe(400);
        (await Ask(address, "GET", "/api/nothing")).Status.ShouldBe(404);
        (await Ask(address, "POST", "/api/auth/login")).Status.ShouldBe(400);

        app.Clock.Advance(TimeSpan.FromMinutes(1));
        for (var i = 1; i <= 10; i++)
            (await Ask(address, "POST", "/api/auth/register")).Status.ShouldBe(400);

        // The hour's twenty are used up.
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        Left((await Ask(address, "POST", "/api/auth/register")).ShouldRefuse(429, "too-many-requests")).ShouldBe((429, "20", "0"));
    }

    [Fact]
    public async Task Each_policy_counts_for_itself()
    {
        var (person, other) = (await Someone(), await Someone());
        async Task<int[]> Statuses(int times, string method, string url, Caller? who = null) =>
            [.. (await Task.WhenAll(Enumerable.Range(0, times).Select(_ => Call(who ?? person, method, url)))).Select(r => r.Status).GroupBy(s => s).OrderBy(g => g.Key).SelectMany(g => new[] { g.Key, g.Count() })];

        (await Statuses(31, "PUT", "/api/tickets/ticket-reply")).ShouldBe([404, 30, 429, 1]);
        (await Statuses(21, "POST", "/api/tickets")).ShouldBe([400, 20, 429, 1]);
        (await Statuses(31, "PUT", "/api/auth/update-skills")).ShouldBe([400, 30, 429, 1]);
        (await Statuses(301, "GET", "/api/nothing")).ShouldBe([404, 300, 429, 1]);

        (await Statuses(1, "POST", "/api/tickets", other)).ShouldBe([400, 1]);
        (await Ask(AnAddress(), "GET", "/api/nothing", other)).Status.ShouldBe(404);
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        (await Statuses(1, "POST", "/api/tickets")).ShouldBe([400, 1]);
    }

    [Fact]
    public async Task Strangers_share_sixty_a_minute_per_address()
    {
        var address = AnAddress();
        for (var i = 1; i <= 60; i++)
            (await Ask(address, "GET", "/api/nothing")).Status.ShouldBe(404);

        (await Ask(address, "POST", "/api/auth/logout")).ShouldRefuse(429, "too-many-requests");
        (await Ask(address, "GET", "/api/tickets")).ShouldRefuse(401, "unauthenticated");
        (await Ask(address, "GET", "/api/tickets", await Someone())).Status.ShouldBe(200);
        (await Host.Scenario(x => { x.Get.Url("/health/live"); x.ConfigureHttpContext(http => http.Connection.RemoteIpAddress = IPAddress.Parse(address)); })).Context.Response.Headers.ContainsKey("X-RateLimit-Limit").ShouldBeFalse();
    }

    [Fact]
    public async Task A_preflight_is_never_too_many()
    {
        var address = AnAddress();
        for (var i = 1; i <= 61; i++)
            (await Host.Scenario(x =>
            {
                x.ConfigureHttpContext(http => (http.Request.Method, http.Request.Path, http.Connection.RemoteIpAddress) = ("OPTIONS", "/api/auth/logout", IPAddress.Parse(address)));
                x.WithRequestHeader("Origin", "https://tickets.example.org");
                x.WithRequestHeader("Access-Control-Request-Method", "POST");
                x.StatusCodeShouldBe(204);
            })).ShouldNotBeNull();
    }

    [Fact]
    public async Task An_address_that_a_stranger_claims_for_himself_changes_nothing()
    {
        var address = AnAddress();
        for (var i = 1; i <= 10; i++)
            await Ask(address, "POST", "/api/auth/register", claimed: $"203.0.113.{i}");

        (await Ask(address, "POST", "/api/auth/register", claimed: "203.0.113.11")).Status.ShouldBe(429);
    }

    [Fact]
    public void Connections_are_bounded()
    {
        var kestrel = Host.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value;
        var limits = kestrel.Limits;

        (limits.MaxConcurrentConnections, limits.MaxRequestLineSize, limits.MaxRequestHeadersTotalSize, limits.MaxRequestHeaderCount).ShouldBe((1_000, 8_192, 16_384, 60));
        limits.RequestHeadersTimeout.ShouldBe(TimeSpan.FromSeconds(10));
        (limits.MinRequestBodyDataRate!.BytesPerSecond, limits.MinRequestBodyDataRate.GracePeriod).ShouldBe((240, TimeSpan.FromSeconds(5)));
        kestrel.AddServerHeader.ShouldBeFalse();
    }

    private Task<Reply> Ask(string address, string method, string url, Caller? caller = null, string? claimed = null) => Call(caller, method, url, more: x =>
    {
        x.ConfigureHttpContext(http => http.Connection.RemoteIpAddress = IPAddress.Parse(address));
        if (claimed is not null)
            x.WithRequestHeader("X-Forwarded-For", claimed);
    });

    private static (int, string, string) Left(Reply reply) =>
        (reply.Status, reply.Http.Response.Headers["X-RateLimit-Limit"].ToString(), reply.Http.Response.Headers["X-RateLimit-Remaining"].ToString());

    private static string AnAddress() => $"10.2.{Interlocked.Increment(ref addresses)}.1";
}
