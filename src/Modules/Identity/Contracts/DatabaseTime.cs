namespace TicMate.Identity.Contracts;

/// <summary>
/// The system's clock in microseconds, as PostgreSQL keeps time: what a document says at once is then what a rebuild from the stored
/// events says later.
/// </summary>
public sealed class DatabaseTime : TimeProvider
{
    public override DateTimeOffset GetUtcNow()
    {
        var now = base.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
