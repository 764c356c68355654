using TicMate.Identity.Contracts;

namespace TicMate.Admin.Operations.DeadLetters;

public sealed record ReplayDeadLetter;

public sealed record DiscardDeadLetter;

/// <param name="MessageType">Only those of this type; like the rest it is the filter of the list.</param>
public sealed record ReplayDeadLetters(Field<string> MessageType, Field<string> ExceptionType, Field<string> From, Field<string> To)
{
    public DeadLetterFilter Filter => new(Given(MessageType), Given(ExceptionType), WireTime.Parse(From.Value), WireTime.Parse(To.Value));

    private static string? Given(Field<string> field) => field.Value is { Length: > 0 } text ? text : null;
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
        .When(request.MessageType.IsMalformed, "messageType", "messageType must be text.")
        .When(request.ExceptionType.IsMalformed, "exceptionType", "exceptionType must be text.")
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

    private static bool IsNoTime(Field<string> given) => given.IsMalformed || (given.Value is { Length: > 0 } text && WireTime.Parse(text) is null);
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
