using System.Collections.Frozen;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Security.Claims;
using System.Text.RegularExpressions;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;
using TicMate.Identity.Sessions;
using TicMate.Identity.Sessions.Throttle;

namespace TicMate.Host;

/// <summary>How much one caller may do. What is not set is not limited.</summary>
public sealed record Allowance
{
    public int? PerMinute { get; init; }
    public int? PerHour { get; init; }
    public int? PerDay { get; init; }

    public Rate[] Rates =>
    [
        .. PerMinute is { } minute ? [new Rate(minute, TimeSpan.FromMinutes(1))] : (Rate[])[],
        .. PerHour is { } hour ? [new Rate(hour, TimeSpan.FromHours(1))] : (Rate[])[],
        .. PerDay is { } day ? [new Rate(day, TimeSpan.FromDays(1))] : (Rate[])[],
    ];
}

/// <summary>How often each node answers one caller. Set as <c>RateLimits:{policy}:{PerMinute|PerHour|PerDay}</c>.</summary>
public sealed record RateLimitOptions
{
    /// <summary>Registrations per client address.</summary>
    public Allowance Register { get; init; } = new() { PerMinute = 10, PerHour = 20 };

    /// <summary>Tries of a mailed token (verify, reset) per client address.</summary>
    public Allowance MailedToken { get; init; } = new() { PerMinute = 10 };

    /// <summary>Requests for a mail (forgotten password, resend) per client address.</summary>
    public Allowance AskForMail { get; init; } = new() { PerMinute = 5 };

    /// <summary>Renewals of a session per client address.</summary>
    public Allowance Refresh { get; init; } = new() { PerMinute = 30 };

    /// <summary>Exports of all of one's data per person: each reads the whole log.</summary>
    public Allowance Export { get; init; } = new() { PerHour = 1 };

    /// <summary>Lists of tickets as a table, of any length, per person.</summary>
    public Allowance ExportTickets { get; init; } = new() { PerMinute = 10 };

    /// <summary>The audit as a table, of any length, per person.</summary>
    public Allowance ExportAudit { get; init; } = new() { PerMinute = 10 };

    /// <summary>Checks of the audit's chain per person: each reads up to 100,000 events.</summary>
    public Allowance VerifyAudit { get; init; } = new() { PerMinute = 6 };

    /// <summary>New tickets per person.</summary>
    public Allowance CreateTicket { get; init; } = new() { PerMinute = 20, PerDay = 200 };

    /// <summary>Replies per person.</summary>
    public Allowance Reply { get; init; } = new() { PerMinute = 30 };

    /// <summary>Searches for tickets like a text, per person.</summary>
    public Allowance Similar { get; init; } = new() { PerMinute = 20 };

    /// <summary>Drafts and summaries per person: each may ask the model, which costs money.</summary>
    public Allowance Draft { get; init; } = new() { PerMinute = 20 };

    /// <summary>All other changes per person: edits, status, deletions, profile, administration.</summary>
    public Allowance Change { get; init; } = new() { PerMinute = 30 };

    /// <summary>Reads per person.</summary>
    public Allowance Read { get; init; } = new() { PerMinute = 300 };

    /// <summary>Whatever else people do who are not signed in, per client address.</summary>
    public Allowance Anonymous { get; init; } = new() { PerMinute = 60 };

    /// <summary>All of them by name.</summary>
    public FrozenDictionary<string, Allowance> ByName => GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
        .Where(p => p.PropertyType == typeof(Allowance)).ToFrozenDictionary(p => p.Name, p => (Allowance)p.GetValue(this)!);
}

public static class Limits
{
    public static IServiceCollection AddLimits(this IServiceCollection services)
    {
        services.AddOptions<RateLimitOptions>().BindConfiguration("RateLimits");
        services.AddOptions<GateOptions>().BindConfiguration("Gate");
        services.AddRateLimiter(_ => { });
        services.AddSingleton<IConfigureOptions<RateLimiterOptions>, RateLimits>();
        return services;
    }

    /// <summary>Refuses numbers that would shut everybody out, or that are none.</summary>
    public static void CheckLimits(this IConfiguration configuration)
    {
        foreach (var setting in new[] { "RateLimits", "Gate", "Live" }.SelectMany(name => configuration.GetSection(name).AsEnumerable()).Where(s => !string.IsNullOrEmpty(s.Value)))
            if (!int.TryParse(setting.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1)
                throw new SettingException($"{setting.Key} must be a whole number from 1.");

        try
        {
            _ = configuration.GetSection("Throttle").Get<ThrottleOptions>();
        }
        catch (InvalidOperationException e)
        {
            throw new SettingException($"A number or time under Throttle cannot be read. {e.Message}");
        }

        _ = configuration.KnownProxies();
    }
}

/// <summary>
/// Which requests count together: each policy and caller have windows of their own, so that using one up leaves the others alone. Counts
/// are per node; what protects a password is counted in the database instead.
/// </summary>
public sealed partial class RateLimits(IOptions<RateLimitOptions> options, TimeProvider clock) : PartitionedRateLimiter<HttpContext>, IConfigureOptions<RateLimiterOptions>
{
    /// <summary>Neither limited nor counted here: the sign-in throttle does that for as long as passwords are wrong.</summary>
    public const string Unlimited = "";

    /// <summary>Routes whose policy does not follow from who calls and whether it changes anything.</summary>
    public static readonly FrozenDictionary<string, string> Table = new Dictionary<string, string>
    {
        ["POST /api/auth/login"] = Unlimited,
        ["POST /api/auth/register"] = nameof(RateLimitOptions.Register),
        ["POST /api/auth/verify-email"] = nameof(RateLimitOptions.MailedToken),
        ["POST /api/auth/reset-password"] = nameof(RateLimitOptions.MailedToken),
        ["POST /api/auth/forgot-password"] = nameof(RateLimitOptions.AskForMail),
        ["POST /api/auth/resend-verification-email"] = nameof(RateLimitOptions.AskForMail),
        ["POST /api/auth/refresh"] = nameof(RateLimitOptions.Refresh),
        ["GET /api/auth/export"] = nameof(RateLimitOptions.Export),
        ["GET /api/tickets/export.csv"] = nameof(RateLimitOptions.ExportTickets),
        ["GET /api/admin/audit/export"] = nameof(RateLimitOptions.ExportAudit),
        ["GET /api/admin/audit/verify"] = nameof(RateLimitOptions.VerifyAudit),
        ["POST /api/tickets"] = nameof(RateLimitOptions.CreateTicket),
        ["POST /api/tickets/similar"] = nameof(RateLimitOptions.Similar),
        ["POST /api/tickets/{}/reply-draft"] = nameof(RateLimitOptions.Draft),
        ["POST /api/tickets/{}/summary"] = nameof(RateLimitOptions.Draft),
        ["PUT /api/tickets/ticket-reply"] = nameof(RateLimitOptions.Reply),
        ["POST /api/tickets/{}/replies"] = nameof(RateLimitOptions.Reply),
    }.ToFrozenDictionary();

    // Counted by address whoever calls: these are the ways in.
    private static readonly FrozenSet<string> ByAddress =
        [nameof(RateLimitOptions.Register), nameof(RateLimitOptions.MailedToken), nameof(RateLimitOptions.AskForMail), nameof(RateLimitOptions.Refresh), nameof(RateLimitOptions.Anonymous)];

    private readonly PartitionedRateLimiter<HttpContext> windows = Partitions(options.Value.ByName, clock);

    private static readonly ConditionalWeakTable<RouteEndpoint, string> Paths = [];

    /// <summary>A route as the table names it: the parameters' names do not matter.</summary>
    public static string Route(string method, RouteEndpoint endpoint) =>
        $"{method} /{Paths.GetValue(endpoint, static route => Parameter().Replace(route.RoutePattern.RawText!.Trim('/'), "{}"))}";

    /// <summary>Which policy a request falls under, and whose request it is.</summary>
    public static (string Policy, string Caller) Of(HttpContext http)
    {
        var user = http.User.FindFirstValue(SessionClaims.UserId);
        if (http.GetEndpoint() is { } endpoint)
        {
            // 401 comes before 429.
            if (user is null && endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null)
                return (Unlimited, "");

            if (endpoint is RouteEndpoint route && Table.TryGetValue(Route(http.Request.Method, route), out var named))
                return (named, ByAddress.Contains(named) ? ClientAddress.GroupOf(http) : user!);
        }

        return user is null ? (nameof(RateLimitOptions.Anonymous), ClientAddress.GroupOf(http))
            : (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) ? nameof(RateLimitOptions.Read) : nameof(RateLimitOptions.Change), user);
    }

    void IConfigureOptions<RateLimiterOptions>.Configure(RateLimiterOptions limiter)
    {
        limiter.GlobalLimiter = this;
        limiter.OnRejected = async (rejected, _) =>
        {
            rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait);
            await rejected.HttpContext.RequestServices.GetRequiredService<IProblemDetailsService>().WriteAsync(new ProblemDetailsContext
            {
                HttpContext = rejected.HttpContext,
                ProblemDetails = Refuse.TooMany("too-many-requests", "Too many requests; try again later.", wait),
            });
        };
    }

    public override RateLimiterStatistics? GetStatistics(HttpContext resource) => windows.GetStatistics(resource);

    protected override RateLimitLease AttemptAcquireCore(HttpContext resource, int permitCount) => Tell(resource, windows.AttemptAcquire(resource, permitCount));

    protected override async ValueTask<RateLimitLease> AcquireAsyncCore(HttpContext resource, int permitCount, CancellationToken cancellationToken) =>
        Tell(resource, await windows.AcquireAsync(resource, permitCount, cancellationToken));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            windows.Dispose();

        base.Dispose(disposing);
    }

    private static PartitionedRateLimiter<HttpContext> Partitions(FrozenDictionary<string, Allowance> allowances, TimeProvider clock) =>
        PartitionedRateLimiter.Create<HttpContext, (string Policy, string Caller)>(http => Of(http) is var key && key.Policy != Unlimited && allowances[key.Policy].Rates is { Length: > 0 } rates
            ? RateLimitPartition.Get(key, _ => new Window(rates, clock))
            : RateLimitPartition.GetNoLimiter(("", "")));

    // X-RateLimit-Reset is the time when the window starts anew, in seconds since 1970.
    private RateLimitLease Tell(HttpContext http, RateLimitLease lease)
    {
        if (lease is not Window.Lease { Left: var left })
            return lease;

        var headers = http.Response.Headers;
        headers["X-RateLimit-Limit"] = left.Limit.ToString(CultureInfo.InvariantCulture);
        headers["X-RateLimit-Remaining"] = left.Remaining.ToString(CultureInfo.InvariantCulture);
        headers["X-RateLimit-Reset"] = Math.Ceiling((clock.GetUtcNow() + left.Reset - DateTimeOffset.UnixEpoch).TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return lease;
    }

    [GeneratedRegex(@"\{[^}]*\}", RegexOptions.NonBacktracking)]
    private static partial Regex Parameter();
}
