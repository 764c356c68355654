namespace TicMate.Identity.Contracts;

/// <summary>
/// An event that tells of older ones losing their words, stored in the transaction that takes them. The audit then expects those to differ
/// from what it noted, and no others.
/// </summary>
public interface IRedaction
{
    /// <summary>The ids of the events that lost something.</summary>
    Guid[] Redacts { get; }
}
