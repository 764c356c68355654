using System.Collections.Frozen;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;

namespace TicMate.Host;

/// <summary>How much each node works on at once.</summary>
public sealed record GateOptions
{
    /// <summary>Requests being worked on.</summary>
    public int InFlight { get; init; } = 64;

    /// <summary>Requests that wait for a place; more are answered 503.</summary>
    public int Waiting { get; init; } = 128;
}

/// <summary>
/// Answers 503 at once instead of everything slowly when there is more to do than the node can. It counts work, not connections: a
/// request comes in when its body has been read and is out as soon as its answer begins, so that slow callers and event streams hold no
/// place. Requests that hash a password pass by: they wait for the hasher, in its own line, and would keep everyone else out meanwhile.
/// </summary>
public sealed class Gate(RequestDelegate next, IOptions<GateOptions> options) : IDisposable
{
    /// <summary>Routes that hash a password, as <see cref="RateLimits.Route"/> writes them.</summary>
    public static readonly FrozenSet<string> PasswordRoutes =
    [
        "POST /api/auth/login", "POST /api/auth/register", "PUT /api/auth/update-password", "POST /api/auth/reset-password", "DELETE /api/auth/user",
    ];

    private readonly ConcurrencyLimiter places = new(new()
    {
        PermitLimit = options.Value.InFlight, QueueLimit = options.Value.Waiting, QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    public async Task InvokeAsync(HttpContext http, IProblemDetailsService problems)
    {
        if (IsExempt(http))
        {
            await next(http);
            return;
        }

        using var place = await places.AcquireAsync(1, http.RequestAborted);
        if (!place.IsAcquired)
        {
            var problem = Refuse.With(503, "too-busy", "There is too much to do at this moment; try again in a second.");
            problem.Extensions[Refuse.RetryAfter] = 1;
            await problems.WriteAsync(new ProblemDetailsContext { HttpContext = http, ProblemDetails = problem });
            return;
        }

        http.Response.OnStarting(() =>
        {
            place.Dispose();
            return Task.CompletedTask;
        });
        await next(http);
    }

    private static bool IsExempt(HttpContext http) => http.GetEndpoint() is { } endpoint
        && (endpoint.Metadata.GetMetadata<DisableRateLimitingAttribute>() is not null
            || endpoint is RouteEndpoint route && PasswordRoutes.Contains(RateLimits.Route(http.Request.Method, route)));

    public void Dispose() => places.Dispose();
}
