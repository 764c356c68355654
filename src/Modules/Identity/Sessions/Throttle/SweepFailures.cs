using TicMate.Identity.Contracts;

namespace TicMate.Identity.Sessions.Throttle;

/// <summary>Counters that mean nothing any more go.</summary>
public sealed class SweepFailures(SignInThrottle throttle, TimeProvider clock, ILogger<SweepFailures> log) : HourlyWork(clock, log)
{
    public override Task WorkAsync(CancellationToken ct) => throttle.SweepAsync(ct);
}
