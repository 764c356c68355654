using System.Globalization;
using TicMate.Identity.Contracts;

namespace TicMate.Admin.Audit;

/// <summary>Which part of the chain is to be checked.</summary>
public sealed record AuditRange(long From, long Limit)
{
    public const int Most = 100_000;

    public static readonly string[] Parameters = ["from", "limit"];

    public static (AuditRange, ProblemDetails) Read(IQueryCollection query)
    {
        var faults = new Faults();
        foreach (var unknown in query.Keys.Except(Parameters))
            faults.Add(unknown, $"{unknown} is not a parameter of this route.");

        return (new(Number("from", 1, long.MaxValue / 2), Number("limit", Most, Most)), faults.Problem);

        long Number(string name, long usual, long most)
        {
            if (!query.TryGetValue(name, out var given))
                return usual;

            if (given.Count == 1 && long.TryParse(given[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most)
                return number;

            faults.Add(name, $"{name} must be a whole number from 1{(most == Most ? $" to {Most}" : "")}, given once.");
            return usual;
        }
    }
}

/// <summary>Checking reads much, so one check at a time is all that a node does for callers.</summary>
public sealed class VerifierTurn : IDisposable
{
    private readonly SemaphoreSlim turn = new(1);

    public bool TryTake() => turn.Wait(0);

    public void GiveBack() => turn.Release();

    public void Dispose() => turn.Dispose();
}

public static class VerifyAuditEndpoint
{
    public static (AuditRange, ProblemDetails) Validate(HttpContext http) => AuditRange.Read(http.Request.Query);

    /// <summary>Whether the log is still what was chained; <c>next</c> is where to go on after a part of it.</summary>
    [Authorize(Roles = Roles.Admin), WolverineGet("/api/admin/audit/verify")]
    [ProducesResponseType<AuditVerdict>(200), ProducesResponseType<ProblemDetails>(400)]
    public static async Task<IResult> Get(AuditRange range, AuditVerifier verifier, VerifierTurn turn, CancellationToken ct)
    {
        if (!turn.TryTake())
        {
            var busy = Refuse.With(503, "verification-running", "Another check is running here; try again in a few seconds.");
            busy.Extensions[Refuse.RetryAfter] = 5;
            return Results.Problem(busy);
        }

        try
        {
            return Results.Json(await verifier.VerifyAsync(range.From, range.Limit, [], null, ct));
        }
        finally
        {
            turn.GiveBack();
        }
    }
}

/// <summary>One page of checkpoints, the newest first.</summary>
public sealed record CheckpointsAnswer(IReadOnlyList<CheckpointView> Checkpoints, string? Next) : Answer;

/// <param name="IsOurs">Whether the signature holds; null when the key is not configured here.</param>
public sealed record CheckpointView(long Position, string Hash, DateTimeOffset At, string KeyId, string Signature, bool? IsOurs);

/// <summary>Which page of checkpoints is asked for; its cursor is the position of the last one shown.</summary>
public sealed record CheckpointPage(int Limit, long? Before)
{
    public static readonly string[] Parameters = ["limit", "cursor"];

    public static (CheckpointPage, ProblemDetails) Read(IQueryCollection query)
    {
        var faults = new Faults();
        var page = new CheckpointPage(25, null);
        foreach (var (name, values) in query)
            if (name is "limit" && values.Count == 1 && int.TryParse(values[0], NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= 100)
                page = page with { Limit = limit };
            else if (name is "cursor" && values.Count == 1 && long.TryParse(values[0], NumberStyles.None, CultureInfo.InvariantCulture, out var before))
                page = page with { Before = before };
            else
                faults.Add(name, name switch
                {
                    "limit" => "limit must be a number from 1 to 100, given once.",
                    "cursor" => "cursor must be the next of an earlier page, given once.",
                    _ => $"{name} is not a parameter of this list.",
                });

        return (page, faults.Problem);
    }
}

public static class ListCheckpointsEndpoint
{
    public static (CheckpointPage, ProblemDetails) Validate(HttpContext http) => CheckpointPage.Read(http.Request.Query);

    [Authorize(Roles = Roles.Admin), WolverineGet("/api/admin/audit/checkpoints")]
    [ProducesResponseType<ProblemDetails>(400)]
    public static async Task<CheckpointsAnswer> Get(CheckpointPage page, AuditCheckpoints checkpoints, CheckpointKeys keys, CancellationToken ct)
    {
        var (found, hasMore) = await checkpoints.ReadAsync(page.Before, page.Limit, ct);
        return new(
            [.. found.Select(c => new CheckpointView(c.Position, Convert.ToHexStringLower(c.Hash), c.At, c.KeyId, Convert.ToHexStringLower(c.Signature), keys.IsOurs(c)))],
            hasMore ? found[^1].Position.ToString(CultureInfo.InvariantCulture) : null);
    }
}
