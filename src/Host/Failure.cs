using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using JasperFx;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Npgsql;
using TicMate.Identity.Contracts;
using TicMate.Identity.Passwords;
using TicMate.Tickets.Searching;

namespace TicMate.Host;

/// <summary>Failure has one shape: RFC 9457, with a code, a trace id and the members that clients of the original API read.</summary>
public sealed class ProblemWriter : IProblemDetailsWriter
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    // Whatever the caller says it accepts: an error in another shape helps nobody.
    public bool CanWrite(ProblemDetailsContext context) => true;

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var (http, problem) = (context.HttpContext, context.ProblemDetails);
        var status = problem.Status ?? http.Response.StatusCode;
        var code = problem.Extensions.TryGetValue("code", out var given) && given is string text ? text : CodeFor(status);

        http.Response.StatusCode = status;
        if (problem.Extensions.TryGetValue(Refuse.RetryAfter, out var wait))
            http.Response.Headers.RetryAfter = Convert.ToString(wait, CultureInfo.InvariantCulture);

        await http.Response.WriteAsJsonAsync(
            new Dictionary<string, object?>(problem.Extensions)
            {
                ["type"] = $"urn:ticmate:problem:{code}", ["title"] = problem.Title ?? ReasonPhrases.GetReasonPhrase(status), ["status"] = status,
                ["detail"] = problem.Detail ?? DetailFor(status), ["instance"] = http.Request.Path.Value, ["code"] = code,
                ["traceId"] = Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier,
                ["success"] = false, ["message"] = problem.Detail ?? DetailFor(status), ["error"] = problem.Detail ?? DetailFor(status),
            },
            Json, "application/problem+json; charset=utf-8", http.RequestAborted);
    }

    private static string CodeFor(int status) => status switch
    {
        400 => "bad-request", 401 => "unauthenticated", 403 => "forbidden", 404 => "not-found", 405 => "method-not-allowed", 406 => "not-acceptable",
        413 => "body-too-large", 415 => "wrong-media-type", 429 => "too-many-requests", 503 => "unavailable", >= 500 => "internal-error", _ => "refused",
    };

    private static string DetailFor(int status) => status switch
    {
        400 => "The request cannot be understood.",
        401 => "Sign in first: the session is missing, invalid or over.",
        403 => "Your role does not allow this.",
        404 => "There is nothing here.",
        405 => "This address does not support this method.",
        406 => "The answer is JSON; the Accept header excludes it.",
        413 => "The body is too large.",
        415 => "The body must be JSON: Content-Type: application/json, in UTF-8.",
        429 => "Too many requests; try again later.",
        503 => "The service is busy or its database cannot be reached; try again in a moment.",
        >= 500 => "Something went wrong on our side. The trace id helps to find it.",
        _ => "The request was refused.",
    };
}

/// <summary>Gives an exception that nobody expected its status. Its text stays in the log.</summary>
public sealed class ExceptionAnswer(IProblemDetailsService problems, ILogger<ExceptionAnswer> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext http, Exception exception, CancellationToken ct)
    {
        var problem = exception switch
        {
            BadHttpRequestException bad => new ProblemDetails { Status = bad.StatusCode },
            ConcurrencyException => Refuse.With(409, "changed-meanwhile", "Someone else changed this at the same moment. Read it again and retry."),
            TooBusyException => Refuse.With(503, "too-busy", "Too many people are signing in at this moment; try again in a second."),
            TooSlowException or PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } =>
                Refuse.With(503, "too-slow", "This would take too long. Ask for less: narrow the filters, or sort otherwise."),
            _ when IsDatabaseAway(exception) && http.Features.Get<KeyedRequest>() is { IsRemembered: true } =>
                Refuse.With(503, "outcome-unknown", "The database was lost at the very end: whether this was done is not known. Send it again with the same key."),
            _ when IsDatabaseAway(exception) => new ProblemDetails { Status = 503 },
            _ => new ProblemDetails { Status = 500 },
        };

        if (problem.Status is 500)
            log.LogError(exception, "{Method} {Route} failed", http.Request.Method, (http.Features.Get<IExceptionHandlerFeature>()?.Endpoint as RouteEndpoint)?.RoutePattern.RawText);

        http.Response.StatusCode = problem.Status!.Value;
        if (problem.Status is 503)
            http.Response.Headers.RetryAfter = "1";

        await problems.WriteAsync(new ProblemDetailsContext { HttpContext = http, ProblemDetails = problem });
        return true;
    }

    public static bool IsDatabaseAway(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
            if (exception is NpgsqlException { IsTransient: true } or TimeoutException or PostgresException { SqlState: ['5', '7', ..] or ['0', '8', ..] or "25006" or "53100" })
                return true;

        return false;
    }
}
