namespace TicMate.Admin.Dashboard;

/// <summary>
/// Quarters of an hour since 1970: every zone in use begins its days with one, so the days of any zone can be put together from them. What
/// is counted per bucket is counted per UTC day and per week as well, so that a long period is not read quarter by quarter.
/// </summary>
public static class Bucket
{
    public const int Seconds = 900, Day = 96, Week = 7 * Day;

    /// <summary>How many buckets the stretches hold in which flows are counted.</summary>
    public static readonly int[] Spans = [1, Day, Week];

    public static int Of(DateTimeOffset time) => (int)Math.Floor(time.ToUnixTimeMilliseconds() / (Seconds * 1000.0));

    public static DateTimeOffset StartOf(int bucket) => DateTimeOffset.FromUnixTimeSeconds((long)bucket * Seconds);

    /// <summary>The first bucket of a UTC day.</summary>
    public static int Of(DateOnly day) => (day.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber) * Day;

    public static DateOnly DayOf(int bucket) => DateOnly.FromDateTime(StartOf(bucket).UtcDateTime);

    /// <summary>The beginning of the stretch of this length that a bucket is in.</summary>
    public static int Floor(int bucket, int span) => bucket - (((bucket % span) + span) % span);

    /// <summary>Whole stretches that are the buckets from the first to before the last: the longest there are, none of them twice.</summary>
    public static IEnumerable<Stretch> Cover(int first, int last, int longest = Week)
    {
        if (first >= last)
            return [];

        if (longest == 1)
            return [new(1, first, last)];

        var (begin, end, shorter) = (Floor(first + longest - 1, longest), Floor(last, longest), Spans[Array.IndexOf(Spans, longest) - 1]);
        return begin < end ? [.. Cover(first, begin, shorter), new(longest, begin, end), .. Cover(end, last, shorter)] : Cover(first, last, shorter);
    }
}

/// <summary>Stretches of so many buckets, one after the other, from the first bucket to before the last.</summary>
public readonly record struct Stretch(int Span, int First, int Last);
