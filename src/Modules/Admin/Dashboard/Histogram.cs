namespace TicMate.Admin.Dashboard;

/// <summary>
/// Durations counted in bins, each a tenth wider than the one before. Counts of bins add up, so the percentiles of any period, and of any
/// sum of periods, come from counters; as a bin answers with its geometric middle, they are wrong by 5 % at most.
/// </summary>
public static class Histogram
{
    public const double Ratio = 1.1;

    /// <summary>Everything below a second is in the first bin; from then on each bin begins with its lower bound.</summary>
    public static int BinOf(TimeSpan duration) => duration.TotalSeconds < 1 ? 0 : 1 + (int)Math.Floor(Math.Log(duration.TotalSeconds) / Math.Log(Ratio));

    /// <summary>What a duration of the bin is taken for, in seconds.</summary>
    public static double SecondsOf(int bin) => bin == 0 ? 0 : Math.Pow(Ratio, bin - 0.5);

    /// <summary>The smallest duration, in seconds, that this part of all does not exceed; null when there is none.</summary>
    public static double? Percentile(IEnumerable<KeyValuePair<int, long>> bins, double part)
    {
        var known = bins.Where(bin => bin.Value > 0).OrderBy(bin => bin.Key).ToArray();
        var rank = (long)Math.Ceiling(part * known.Sum(bin => bin.Value));
        foreach (var (bin, count) in known)
            if ((rank -= count) <= 0)
                return Math.Round(SecondsOf(bin), 3);

        return null;
    }
}
