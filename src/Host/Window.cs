using System.Threading.RateLimiting;

namespace TicMate.Host;

/// <summary>So many in so much time.</summary>
public readonly record struct Rate(int Limit, TimeSpan Per);

/// <summary>How much of a rate is left, and when it starts anew.</summary>
public readonly record struct RateLeft(int Limit, int Remaining, TimeSpan Reset);

/// <summary>
/// The windows of one caller for one policy. Each opens with the first request and lets its limit through until it ends. The framework's
/// own fixed window tells neither what is left nor when it ends, and cannot be tested without waiting.
/// </summary>
public sealed class Window(Rate[] rates, TimeProvider clock) : RateLimiter
{
    private readonly Lock gate = new();
    private readonly (int Used, long Since)[] windows = new (int, long)[rates.Length];

    public override TimeSpan? IdleDuration
    {
        get
        {
            lock (gate)
                return rates.Index().Min(rate => Since(rate.Index) - rate.Item.Per) is { Ticks: > 0 } idle && windows[0].Since != 0 ? idle : null;
        }
    }

    public override RateLimiterStatistics? GetStatistics() => null;

    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        lock (gate)
        {
            for (var i = 0; i < rates.Length; i++)
                if (Since(i) >= rates[i].Per)
                    windows[i] = (0, clock.GetTimestamp());

            var isFree = Enumerable.Range(0, rates.Length).All(i => windows[i].Used < rates[i].Limit);
            if (isFree)
                for (var i = 0; i < rates.Length; i++)
                    windows[i].Used++;

            // Of several rates the tightest is told; of those that are used up, the one that takes longest.
            var left = Enumerable.Range(0, rates.Length)
                .Select(i => new RateLeft(rates[i].Limit, rates[i].Limit - windows[i].Used, rates[i].Per - Since(i)))
                .OrderBy(l => l.Remaining).ThenByDescending(l => l.Reset).First();
            return new Lease(isFree, left);
        }
    }

    protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken) => new(AttemptAcquireCore(permitCount));

    private TimeSpan Since(int window) => windows[window].Since == 0 ? TimeSpan.MaxValue : clock.GetElapsedTime(windows[window].Since);

    /// <summary>A place in the windows; it is not given back.</summary>
    public sealed class Lease(bool isAcquired, RateLeft left) : RateLimitLease
    {
        public RateLeft Left => left;
        public override bool IsAcquired => isAcquired;
        public override IEnumerable<string> MetadataNames => [MetadataName.RetryAfter.Name];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = metadataName == MetadataName.RetryAfter.Name ? left.Reset : null;
            return metadata is not null;
        }
    }
}
