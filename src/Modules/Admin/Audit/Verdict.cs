using System.Text.Json.Serialization;
using TicMate.Identity.Contracts;

namespace TicMate.Admin.Audit;

/// <summary>The words for what a check of the chain found.</summary>
public static class AuditResult
{
    public const string Ok = "ok", Lagging = "lagging", Tampered = "tampered", Missing = "missing";
}

/// <summary>Something that is not as it was when it was chained.</summary>
/// <param name="Kind">tampered or missing.</param>
/// <param name="Position">Its place in the chain; null for a row that was never chained.</param>
/// <param name="Seq">Its number in the event log.</param>
public sealed record AuditFault(string Kind, long? Position, long? Seq, string Reason);

/// <param name="Redacted">Events without their words, each vouched for by the erasure that took them.</param>
/// <param name="Late">Events that got their number before others and came after them.</param>
/// <param name="Waiting">Events that are not chained yet.</param>
public sealed record AuditCounts(long Checked, long Redacted, long Late, long Waiting);

/// <param name="Count">How many lie in what was checked.</param>
/// <param name="UnknownKey">Of those, how many were signed with a key that is not configured here.</param>
/// <param name="Newest">The position of the newest one that is ours.</param>
public sealed record CheckpointCounts(long Count, long UnknownKey, long? Newest);

public sealed record HeadView(long Position, string Hash);

/// <summary>What a check found, the first fault first.</summary>
/// <param name="Position">Of the first fault.</param>
/// <param name="Faults">The first of them.</param>
/// <param name="FaultCount">All of them.</param>
/// <param name="Next">Where the check ended; null when it came to the end of the chain.</param>
public sealed record AuditVerdict(
    string Result, long? Position, long? Seq, string? Reason, IReadOnlyList<AuditFault> Faults, long FaultCount, long From, long? Next, HeadView Head,
    AuditCounts Counts, CheckpointCounts Checkpoints) : Answer
{
    /// <summary>Less than this is on its way, not behind.</summary>
    public static readonly TimeSpan UsualLag = TimeSpan.FromSeconds(30);

    [JsonIgnore]
    public int ExitCode => Result switch { AuditResult.Ok => 0, AuditResult.Lagging => 2, _ => 1 };
}

/// <summary>What is gathered on the way along the chain, and what follows from it.</summary>
public sealed class AuditFindings
{
    private const int MostTold = 20;
    private readonly List<AuditFault> faults = [];

    public long FaultCount { get; private set; }
    public long Checked { get; set; }
    public long Redacted { get; set; }
    public long Late { get; set; }
    public long Waiting { get; set; }

    /// <summary>How long the oldest event has been waiting for its link.</summary>
    public TimeSpan Lag { get; set; }

    /// <summary>An event has lost its words, and the erasure that says so is not chained yet.</summary>
    public bool HasPendingRedaction { get; set; }

    public void Tampered(long? position, long? seq, string reason) => Add(new(AuditResult.Tampered, position, seq, reason));

    public void Missing(long? position, long? seq, string reason) => Add(new(AuditResult.Missing, position, seq, reason));

    public AuditVerdict Verdict(long from, long? next, ChainHead head, CheckpointCounts checkpoints)
    {
        var first = faults.FirstOrDefault();
        var result = first?.Kind ?? (Lag > AuditVerdict.UsualLag || HasPendingRedaction ? AuditResult.Lagging : AuditResult.Ok);
        var reason = first?.Reason ?? (result is AuditResult.Lagging ? $"{Waiting} events are not chained yet." : null);
        return new(result, first?.Position, first?.Seq, reason, faults, FaultCount, from, next, new(head.Position, head.Hex), new(Checked, Redacted, Late, Waiting), checkpoints);
    }

    private void Add(AuditFault fault)
    {
        FaultCount++;
        if (faults.Count < MostTold)
            faults.Add(fault);
    }
}
