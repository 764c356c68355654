namespace TicMate.Identity.Contracts;

/// <summary>For answers that go on after their request was let in: whether what let it in still holds.</summary>
public interface ISessions
{
    /// <summary>
    /// Whether the session or API key still holds and its person still has the same role. Asking is no use of it, so it may run out of use
    /// meanwhile.
    /// </summary>
    ValueTask<bool> HoldsAsync(CurrentUser user, CancellationToken ct);

    /// <summary>Calls back when that may have changed, whichever node changed it, until disposed. The callback must be quick.</summary>
    IDisposable Watch(CurrentUser user, Action changed);
}
