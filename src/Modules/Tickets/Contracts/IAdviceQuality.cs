namespace TicMate.Tickets.Contracts;

/// <summary>What became of the agent's proposals of some days; docs/quality.md says what each number counts.</summary>
public sealed record AdviceCounts(long Proposed, long Applied, long Accepted, long Edited, long Rejected, long Undone)
{
    /// <summary>Of the proposals that a person decided on, those that were taken as they were.</summary>
    public Share Acceptance => Share.Of(Accepted, Accepted + Edited + Rejected + Undone);
}

public interface IAdviceQuality
{
    /// <summary>Of the proposals made from the first of these UTC days to the last.</summary>
    Task<AdviceCounts> CountAsync(DateOnly first, DateOnly last, CancellationToken ct);
}
