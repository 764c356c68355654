namespace TicMate.Identity.Sessions.Throttle;

/// <summary>What one counter of failed sign-ins allows. Set as <c>Throttle:{counter}:{member}</c>; times as <c>hh:mm:ss</c>.</summary>
public sealed record ThrottleRule
{
    /// <summary>Failures that cost nothing.</summary>
    public int Free { get; init; }

    /// <summary>How long failures are remembered: from the first while they are free, from the end of the last delay afterwards.</summary>
    public TimeSpan Window { get; init; }

    /// <summary>The wait after the last free failure, doubled by each further one; without it the wait is the rest of the window.</summary>
    public TimeSpan? FirstDelay { get; init; }

    /// <summary>No wait is longer than this, so that nothing is locked for good.</summary>
    public TimeSpan LongestDelay { get; init; }
}

/// <summary>How often a wrong password may be tried, counted in the database and so across all nodes.</summary>
public sealed record ThrottleOptions
{
    /// <summary>One account from one address, and one account from one device that it was signed in from before.</summary>
    public ThrottleRule Pair { get; init; } = new()
    {
        Free = 5, Window = TimeSpan.FromMinutes(15), FirstDelay = TimeSpan.FromSeconds(1), LongestDelay = TimeSpan.FromMinutes(15),
    };

    /// <summary>One address (IPv6: one /64), whatever the account.</summary>
    public ThrottleRule Address { get; init; } = new() { Free = 30, Window = TimeSpan.FromMinutes(5) };

    /// <summary>One account from all unknown devices together; its known devices together have another counter of this size.</summary>
    public ThrottleRule Account { get; init; } = new()
    {
        Free = 100, Window = TimeSpan.FromHours(1), FirstDelay = TimeSpan.FromSeconds(30), LongestDelay = TimeSpan.FromSeconds(30),
    };

    /// <summary>One account from all unknown devices, however slowly: failures since the last success.</summary>
    public ThrottleRule Consecutive { get; init; } = new()
    {
        Free = 100, Window = TimeSpan.FromDays(30), FirstDelay = TimeSpan.FromSeconds(30), LongestDelay = TimeSpan.FromSeconds(30),
    };

    /// <summary>Everything together. It refuses nobody; while it is over, every address has only <see cref="FreeUnderAttack"/> failures.</summary>
    public ThrottleRule Everyone { get; init; } = new() { Free = 1_000, Window = TimeSpan.FromMinutes(5) };

    /// <summary>Failures of one address that cost nothing while <see cref="Everyone"/> is over.</summary>
    public int FreeUnderAttack { get; init; } = 5;

    /// <summary>How long a device stays known after a sign-in.</summary>
    public TimeSpan DeviceRemembered { get; init; } = TimeSpan.FromDays(180);
}
