using Microsoft.AspNetCore.WebUtilities;

namespace TicMate.Identity.Contracts;

/// <summary>
/// Why a request is refused, as RFC 9457 problem details: a stable kebab-case <c>code</c> for programs and one sentence for people.
/// The host adds what every error carries (<c>type</c>, <c>instance</c>, <c>traceId</c> and the members that old clients read).
/// </summary>
public static class Refuse
{
    public static ProblemDetails With(int status, string code, string detail) => new()
    {
        Status = status,
        Title = ReasonPhrases.GetReasonPhrase(status),
        Detail = detail,
        Extensions = { ["code"] = code },
    };

    /// <summary>429; the host writes the wait into <c>Retry-After</c>.</summary>
    public static ProblemDetails TooMany(string code, string detail, TimeSpan wait)
    {
        var problem = With(429, code, detail);
        problem.Extensions[RetryAfter] = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));
        return problem;
    }

    public const string RetryAfter = "retryAfter";

    public static ProblemDetails Forbidden(string detail) => With(403, "forbidden", detail);
    public static ProblemDetails NotFound(string thing) => With(404, $"{thing}-not-found", $"There is no such {thing}, or you may not see it.");
}
