namespace TicMate.Admin.Dashboard;

/// <summary>
/// Quarters of an hour since 1970: every zone in use begins its days with one, so the days of any zone can be put together from them. What
/// is counted per bucket is counted per longer stretches as well, so that no period, wherever it begins, is made of more than a few dozen.
/// </summary>
public static class Bucket
{
    public const int Seconds = 900, Day = 96;

    /// <summary>How many buckets the stretches hold in which flows are counted: a quarter, 2 hours, and 1, 4, 16 and 64 days.</summary>
    public static readonly int[] Spans = [1, 8, Day, 4 * Day, 16 * Day, 64 * Day];

    /// <summary>Those in which is counted what there is, by its time.</summary>
    public static readonly int[] ShortSpans = Spans[..3];

    public static int Of(DateTimeOffset time) => (int)Math.Floor(time.ToUnixTimeMilliseconds() / (Seconds * 1000.0));

    public static DateTimeOffset StartOf(int bucket) => DateTimeOffset.FromUnixTimeSeconds((long)bucket * Seconds);

    /// <summary>The first bucket of a UTC day.</summary>
    public static int Of(DateOnly day) => (day.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber) * Day;

    public static DateOnly DayOf(int bucket) => DateOnly.FromDateTime(StartOf(bucket).UtcDateTime);

    /// <summary>The beginning of the stretch of this length that a bucket is in.</summary>
    public static int Floor(int bucket, int span) => bucket - (((bucket % span) + span) % span);

    /// <summary>Whole stretches that are the buckets from the first to before the last: the longest there are, none of them twice.</summary>
    public static IEnumerable<Stretch> Cover(int first, int last, int[] spans)
    {
        if (first >= last)
            return [];

        if (spans is [var only])
            return [new(only, first, last)];

        var (longest, shorter) = (spans[^1], spans[..^1]);
        var (begin, end) = (Floor(first + longest - 1, longest), Floor(last, longest));
        return begin < end ? [.. Cover(first, begin, shorter), new(longest, begin, end), .. Cover(end, last, shorter)] : Cover(first, last, shorter);
    }
}

/// <summary>Stretches of so many buckets, one after the other, from the first bucket to before the last.</summary>
public readonly record struct Stretch(int Span, int First, int Last);
