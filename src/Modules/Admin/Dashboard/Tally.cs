namespace TicMate.Admin.Dashboard;

/// <summary>What there is at a moment.</summary>
public static class StockKind
{
    public const string Status = "status", Priority = "priority", Category = "category", Skill = "skill", AnySkill = "skills", Load = "load", Done = "done", Role = "role";

    /// <summary>Open tickets by the bucket and the day they were created in, and those with a deadline by that of it.</summary>
    public const string Opened = "opened", Due = "due";

    /// <summary>The kind that counts the same by stretches of this many buckets.</summary>
    public static string By(string kind, int span) => span == 1 ? kind : $"{kind}-day";
}

/// <summary>What happened in a stretch of time.</summary>
public static class FlowKind
{
    public const string Created = "created", Completed = "completed", Reopened = "reopened", Response = "response", Resolution = "resolution", Work = "work",
        FirstCompletion = "first", Account = "account";
}

/// <summary>One for a counter: of what there is, or of what happened in a bucket.</summary>
/// <param name="Bin">Of a duration.</param>
/// <param name="Part">1 when it belongs to the part that is counted beside the whole: the open, the active, the reopened ones.</param>
public readonly record struct Tally(bool IsFlow, string Kind, string Key, int Bin, int Bucket, int Part, string Label)
{
    public static Tally Stock(string kind, string key, int part) => new(false, kind, key, 0, 0, part, key);

    public static Tally Flow(string kind, DateTimeOffset at) => new(true, kind, "", 0, Dashboard.Bucket.Of(at), 0, "");

    /// <summary>By the bucket of a time and by its day.</summary>
    public static IEnumerable<Tally> Times(string kind, DateTimeOffset time) => new[] { 1, Dashboard.Bucket.Day }
        .Select(span => Stock(StockKind.By(kind, span), "", 1) with { Bucket = Dashboard.Bucket.Floor(Dashboard.Bucket.Of(time), span) });

    /// <summary>Which counter it is for.</summary>
    public Counter Counter => new(Kind, Key, Bin, Bucket);
}

public readonly record struct Counter(string Kind, string Key, int Bin, int Bucket);

/// <summary>By how much a counter changes.</summary>
public sealed class Sum(string label)
{
    public string Label => label;
    public long Count { get; private set; }
    public long Part { get; private set; }

    public void Add(long count, long part)
    {
        Count += count;
        Part += part;
    }
}

/// <summary>By how much a page of events changes the counters.</summary>
/// <param name="day">The day of the last event before the page.</param>
public sealed class Changes(DateOnly day)
{
    private readonly Dictionary<Counter, Sum> flows = [];
    private readonly Dictionary<(DateOnly Day, Counter Counter), Sum> late = [];
    private readonly SortedDictionary<DateOnly, Dictionary<Counter, Sum>> stocks = [];

    /// <summary>The day that the counters stand at. It never goes back, even where clocks differ a little.</summary>
    public DateOnly Day { get; private set; } = day;

    // What came and went again is in all of them: so the rows that are written do not depend on where a page ends.

    /// <summary>By stretches of each length.</summary>
    public IEnumerable<(int Span, Counter Counter, Sum By)> Flows => Bucket.Spans.SelectMany(span => flows
        .GroupBy(flow => flow.Key with { Bucket = Bucket.Floor(flow.Key.Bucket, span) })
        .Select(group => (span, group.Key, Total(group.Select(flow => flow.Value)))));

    /// <summary>What was found out about a bucket on a later day than its own.</summary>
    public IEnumerable<(DateOnly Day, Counter Counter, Sum By)> Late => late.Select(l => (l.Key.Day, l.Key.Counter, l.Value));

    /// <summary>Day by day.</summary>
    public IEnumerable<(DateOnly Day, IReadOnlyDictionary<Counter, Sum> Counters)> Stocks => stocks.Select(day => (day.Key, (IReadOnlyDictionary<Counter, Sum>)day.Value));

    public void Add(DateTimeOffset at, IEnumerable<Tally> before, IEnumerable<Tally> after)
    {
        if (DateOnly.FromDateTime(at.UtcDateTime) is var today && today > Day)
            Day = today;

        var difference = new Dictionary<Tally, int>();
        foreach (var (tally, sign) in before.Select(tally => (tally, -1)).Concat(after.Select(tally => (tally, 1))))
            difference[tally] = difference.GetValueOrDefault(tally) + sign;

        foreach (var (tally, by) in difference.Where(d => d.Value != 0))
        {
            if (!tally.IsFlow)
            {
                Add(stocks.TryGetValue(Day, out var counters) ? counters : stocks[Day] = [], tally.Counter, tally, by);
                continue;
            }

            Add(flows, tally.Counter, tally, by);
            if (Bucket.DayOf(tally.Bucket) < Day)
                Add(late, (Day, tally.Counter), tally, by);
        }
    }

    private static void Add<T>(Dictionary<T, Sum> sums, T key, Tally tally, int by) where T : notnull
    {
        if (!sums.TryGetValue(key, out var sum))
            sums[key] = sum = new(tally.Label);
        sum.Add(by, by * tally.Part);
    }

    private static Sum Total(IEnumerable<Sum> sums) => sums.Aggregate(new Sum(""), (total, sum) =>
    {
        total.Add(sum.Count, sum.Part);
        return total;
    });
}
