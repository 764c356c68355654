using TicMate.Identity.Contracts;

namespace TicMate.Admin.Operations.DeadLetters;

public sealed record ReplayDeadLetter;

public sealed record DiscardDeadLetter;

/// <param name="MessageType">Only those of this type; like the rest it is the filter of the list.</param>
public sealed record ReplayDeadLetters(Field<string> MessageType, Field<string> ExceptionType, Field<string> From, Field<string> To)
{
    public DeadLetterFilter Filter => new(MessageType.Value, ExceptionType.Value, WireTime.Moment(From.Value), WireTime.Moment(To.Value));
}

/// <param name="Replayed">How many are tried again now; those that were asked for before are not counted twice.</param>
/// <param name="More">There are more; ask again.</param>
public sealed record ReplayAnswer(int Replayed, bool More) : Answer;

public sealed record DiscardAnswer(int Discarded) : Answer;

public static class ReplayDeadLetterEndpoint
{
    public static async Task<ProblemDetails> LoadAsync(Guid deadLetterId, GivenUpMessages messages, CancellationToken ct) =>
        await messages.FindAsync(deadLetterId, ct) is null ? Refuse.NotFound("dead-letter") : WolverineContinue.NoProblems;

    [Authorize(Roles = Roles.Admin), WolverinePost("/api/admin/dead-letters/{deadLetterId}/replay")]
    [ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<ReplayAnswer> Post(Guid deadLetterId, ReplayDeadLetter _, CurrentUser user, GivenUpMessages messages, CancellationToken ct)
    {
        var redone = await messages.ReplayAsync(new() { Id = deadLetterId }, Actor.NameOf(user.Id, user.ApiKeyId), ct);
        return new(redone.Count, false);
    }
}

public static class ReplayDeadLettersEndpoint
{
    public static ProblemDetails Validate(ReplayDeadLetters request) => new Faults()
        .When(IsNoName(request.MessageType), "messageType", "messageType must be the name of a type.")
        .When(IsNoName(request.ExceptionType), "exceptionType", "exceptionType must be the name of a type.")
        .When(IsNoTime(request.From), "from", "from must be a time with an offset (2026-12-31T17:00:00Z).")
        .When(IsNoTime(request.To), "to", "to must be a time with an offset (2026-12-31T17:00:00Z).")
        .Problem;

    [Authorize(Roles = Roles.Admin), WolverinePost("/api/admin/dead-letters/replay")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403)]
    public static async Task<ReplayAnswer> Post(ReplayDeadLetters request, CurrentUser user, GivenUpMessages messages, CancellationToken ct)
    {
        var redone = await messages.ReplayAsync(request.Filter, Actor.NameOf(user.Id, user.ApiKeyId), ct);
        return new(redone.Count, redone.More);
    }

    // Nothing is no filter; an empty text is somebody's mistake, and must not replay everything.
    private static bool IsNoName(Field<string> given) => given.IsMalformed || (given.Value is { } text && !DeadLetterPage.IsName(text));

    private static bool IsNoTime(Field<string> given) => given.IsMalformed || (given.Value is { } text && WireTime.Moment(text) is null);
}

public static class DiscardDeadLetterEndpoint
{
    public static async Task<ProblemDetails> LoadAsync(Guid deadLetterId, GivenUpMessages messages, CancellationToken ct) =>
        await messages.FindAsync(deadLetterId, ct) is null ? Refuse.NotFound("dead-letter") : WolverineContinue.NoProblems;

    [Authorize(Roles = Roles.Admin), WolverinePost("/api/admin/dead-letters/{deadLetterId}/discard")]
    [ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<DiscardAnswer> Post(Guid deadLetterId, DiscardDeadLetter _, CurrentUser user, GivenUpMessages messages, CancellationToken ct)
    {
        var redone = await messages.DiscardAsync(new() { Id = deadLetterId }, Actor.NameOf(user.Id, user.ApiKeyId), ct);
        return new(redone.Count);
    }
}
