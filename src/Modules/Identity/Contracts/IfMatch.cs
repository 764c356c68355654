using System.Globalization;
using Microsoft.Net.Http.Headers;

namespace TicMate.Identity.Contracts;

/// <summary>
/// The precondition <c>If-Match</c> of a request (RFC 9110, section 13.1.1): what it changes must still be as the sender saw it. Take it as an
/// endpoint parameter; without the header everything matches.
/// </summary>
public sealed record IfMatch(bool IsGiven, IReadOnlyList<EntityTagHeaderValue> Tags)
{
    public static readonly IfMatch Anything = new(false, []);

    public static IfMatch Of(HttpContext http) => http.Request.Headers.IfMatch is not { Count: > 0 } sent ? Anything
        : new(true, EntityTagHeaderValue.TryParseList([.. sent.OfType<string>()], out var tags) ? [.. tags] : []);

    /// <summary>The same, said in the body; null matches everything.</summary>
    public static IfMatch Of(long? version) => version is null ? Anything : new(true, [Tag(version.Value)]);

    /// <summary>412 with <c>currentVersion</c> when the sender saw another version than this.</summary>
    public ProblemDetails? Stale(int version)
    {
        var current = Tag(version);
        if (!IsGiven || Tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(current, useStrongComparison: true)))
            return null;

        var problem = Refuse.With(412, "stale-version", $"This is at version {version.ToString(CultureInfo.InvariantCulture)} now. Read it again before you change it.");
        problem.Extensions["currentVersion"] = version;
        return problem;
    }

    private static EntityTagHeaderValue Tag(long version) => new($"\"{version.ToString(CultureInfo.InvariantCulture)}\"");
}
