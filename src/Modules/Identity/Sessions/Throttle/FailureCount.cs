namespace TicMate.Identity.Sessions.Throttle;

/// <summary>Failures of one counter, and what they mean. The rules of waiting are here; <see cref="SignInThrottle"/> only stores them.</summary>
/// <param name="Since">The first failure that still counts.</param>
/// <param name="FreeAt">Until then nothing is tried.</param>
/// <param name="ForgottenAt">From then on it is as if nothing had been.</param>
public sealed record FailureCount(int Failures, DateTimeOffset Since, DateTimeOffset FreeAt, DateTimeOffset ForgottenAt)
{
    public static FailureCount None(DateTimeOffset now) => new(0, now, now, now);

    /// <summary>How long until the next try; not positive when it may be now.</summary>
    public TimeSpan Wait(DateTimeOffset now) => FreeAt - now;

    /// <summary>One more failure.</summary>
    public FailureCount Plus(ThrottleRule rule, DateTimeOffset now)
    {
        var (failures, since) = now >= ForgottenAt ? (1, now) : (Failures + 1, Since);
        if (failures < rule.Free)
            return new FailureCount(failures, since, now, since + rule.Window);

        if (rule.FirstDelay is not { } first)
            return new FailureCount(failures, since, since + rule.Window, since + rule.Window);

        var delay = TimeSpan.FromSeconds(Math.Min(rule.LongestDelay.TotalSeconds, first.TotalSeconds * Math.Pow(2, Math.Min(failures - rule.Free, 40))));
        return new FailureCount(failures, since, now + delay, now + delay + rule.Window);
    }
}
