using System.Text.Json.Nodes;
using TicMate.Identity.Contracts;

namespace TicMate.Admin.Operations.DeadLetters;

public sealed record DeadLettersAnswer(IReadOnlyList<DeadLetterView> DeadLetters, string? Next) : Answer;

/// <param name="Body">The message without what may be somebody's; null when this version of the service cannot read it.</param>
public sealed record DeadLetterAnswer(DeadLetterView DeadLetter, JsonNode? Body) : Answer;

public static class ListDeadLettersEndpoint
{
    public static (DeadLetterPage, ProblemDetails) Validate(HttpContext http) => DeadLetterPage.Read(http.Request.Query);

    [Authorize(Roles = Roles.Admin), WolverineGet("/api/admin/dead-letters")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403)]
    public static async Task<DeadLettersAnswer> Get(DeadLetterPage page, GivenUpMessages messages, CancellationToken ct)
    {
        var found = await messages.ListAsync(page, ct);
        var shown = found.Take(page.Limit).ToArray();
        return new(shown, found.Count > page.Limit ? new DeadLetterPage.Position(shown[^1].FailedAt, shown[^1].Id).Cursor : null);
    }
}

public static class GetDeadLetterEndpoint
{
    public static async Task<(DeadLetterView?, ProblemDetails)> LoadAsync(Guid deadLetterId, HttpContext http, GivenUpMessages messages, CancellationToken ct) =>
        await messages.FindAsync(deadLetterId, ct) is { } letter ? (letter, Without.Parameters(http.Request.Query)) : (null, Refuse.NotFound("dead-letter"));

    [Authorize(Roles = Roles.Admin), WolverineGet("/api/admin/dead-letters/{deadLetterId}")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<DeadLetterAnswer> Get(Guid deadLetterId, DeadLetterView? letter, GivenUpMessages messages) =>
        new(letter!, Redacted.Body(await messages.MessageAsync(deadLetterId)));
}
