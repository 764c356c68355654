namespace TicMate.Admin.Dashboard;

/// <summary>What there is at a moment.</summary>
public static class StockKind
{
    public const string Status = "status", Priority = "priority", Category = "category", Skill = "skill", AnySkill = "skills", Load = "load", Done = "done", Role = "role";

    /// <summary>Open tickets by the bucket and the day they were created in, and those with a deadline by that of it.</summary>
    public const string Opened = "opened", Due = "due";

    /// <summary>At the end of a past day: whatever was due by then and still open.</summary>
    public const string Overdue = "overdue";

    /// <summary>The kind that counts the same by stretches of this many buckets.</summary>
    public static string By(string kind, int span) => span == 1 ? kind : $"{kind}-{span}";
}

/// <summary>What happened in a stretch of time.</summary>
public static class FlowKind
{
    /// <summary>By UTC days: how many in each of their quarters of an hour.</summary>
    public const string Created = "created", Completed = "completed", Reopened = "reopened";

    /// <summary>By stretches of each length: how many durations in each bin.</summary>
    public const string Response = "response", Resolution = "resolution", Work = "work";

    /// <summary>By stretches of each length: how many, and how many of the first completions were reopened.</summary>
    public const string FirstCompletion = "first", Account = "account";

    /// <summary>Where something is counted: in which rows, and where in them.</summary>
    public static IEnumerable<(FlowPlace Row, int Index)> Places(Counter counter)
    {
        if (counter.Kind is not (Created or Completed or Reopened))
            return Bucket.Spans.Select(span => (new FlowPlace(counter.Kind, counter.Key, span, Bucket.Floor(counter.Bucket, span)), counter.Bin));

        var day = Bucket.Floor(counter.Bucket, Bucket.Day);
        return [(new(counter.Kind, counter.Key, Bucket.Day, day), counter.Bucket - day)];
    }
}

/// <summary>Whose row it is: the stretch of so many buckets from the first one.</summary>
public readonly record struct FlowPlace(string Kind, string Key, int Span, int Bucket)
{
    /// <summary>The day of its end.</summary>
    public DateOnly Over => Dashboard.Bucket.DayOf(Bucket + Span - 1);
}

/// <summary>One for a counter: of what there is, or of what happened in a bucket.</summary>
/// <param name="Bin">Of a duration; of a first completion, 1 for the reopened ones, which are counted under 0 as well.</param>
/// <param name="Part">Of what there is, 1 when it belongs to the part that is counted beside the whole: the open, the active ones.</param>
public readonly record struct Tally(bool IsFlow, string Kind, string Key, int Bin, int Bucket, int Part, string Label)
{
    public static Tally Stock(string kind, string key, int part) => new(false, kind, key, 0, 0, part, key);

    public static Tally Flow(string kind, DateTimeOffset at) => new(true, kind, "", 0, Dashboard.Bucket.Of(at), 0, "");

    /// <summary>By the stretches that a time is in.</summary>
    public static IEnumerable<Tally> Times(string kind, DateTimeOffset time) => Dashboard.Bucket.ShortSpans
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

/// <summary>By how much the events of a day change the counters.</summary>
public sealed class DayOfChanges(DateOnly day)
{
    public DateOnly Day => day;
    public Dictionary<Counter, Sum> Stock { get; } = [];
    public Dictionary<Counter, int> Flow { get; } = [];

    /// <summary>By how much each row changes, place by place.</summary>
    public IEnumerable<(FlowPlace Row, int[] By)> Rows => Flow
        .SelectMany(flow => FlowKind.Places(flow.Key).Select(place => (place.Row, place.Index, By: flow.Value)))
        .GroupBy(flow => flow.Row)
        .Select(row =>
        {
            var by = new int[row.Max(flow => flow.Index) + 1];
            foreach (var (_, index, count) in row)
                by[index] += count;
            return (row.Key, by);
        });
}

/// <summary>By how much a page of events changes the counters.</summary>
/// <param name="day">The day of the last event before the page.</param>
public sealed class Changes(DateOnly day)
{
    private readonly List<DayOfChanges> days = [];

    /// <summary>The day that the counters stand at. It never goes back, even where clocks differ a little.</summary>
    public DateOnly Day { get; private set; } = day;

    // What came and went again is in them, and days on which nothing changed: so the rows that are written do not depend on where a page ends.

    /// <summary>Day by day.</summary>
    public IReadOnlyList<DayOfChanges> Days => days;

    public void Add(DateTimeOffset at, IEnumerable<Tally> before, IEnumerable<Tally> after)
    {
        if (DateOnly.FromDateTime(at.UtcDateTime) is var today && today > Day)
            Day = today;
        if (days.Count == 0 || days[^1].Day != Day)
            days.Add(new(Day));

        var difference = new Dictionary<Tally, int>();
        foreach (var (tally, sign) in before.Select(tally => (tally, -1)).Concat(after.Select(tally => (tally, 1))))
            difference[tally] = difference.GetValueOrDefault(tally) + sign;

        var changed = days[^1];
        foreach (var (tally, by) in difference.Where(d => d.Value != 0))
            if (tally.IsFlow)
                changed.Flow[tally.Counter] = changed.Flow.GetValueOrDefault(tally.Counter) + by;
            else
            {
                if (!changed.Stock.TryGetValue(tally.Counter, out var sum))
                    changed.Stock[tally.Counter] = sum = new(tally.Label);
                sum.Add(by, by * tally.Part);
            }
    }
}
