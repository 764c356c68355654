using System.Globalization;
using TicMate.Identity.Contracts;

namespace TicMate.Admin.Dashboard;

/// <summary>A day of the period, or the part of it that belongs to the period: buckets from the first to before the last.</summary>
public readonly record struct PeriodDay(DateOnly Day, int First, int Last);

/// <summary>Which time the dashboard is about.</summary>
/// <param name="From">As the answer names it: a day where a day was asked for, else a time.</param>
/// <param name="AsOf">The UTC day at whose end the numbers are read; null for now.</param>
/// <param name="Days">The days of the zone, each with its buckets.</param>
public sealed record DashboardQuery(string From, string To, string Zone, DateOnly? AsOf, IReadOnlyList<PeriodDay> Days)
{
    public const int MostDays = 366, UsualDays = 30;
    private const int LongestZone = 64;

    public static readonly string[] Parameters = ["from", "to", "tz", "asOf"];

    /// <summary>The buckets of the period.</summary>
    public int First => Days[0].First;
    public int Last => Days[^1].Last;

    public static (DashboardQuery, ProblemDetails) Read(IQueryCollection query, DateTimeOffset now)
    {
        var faults = new Faults();
        foreach (var (name, values) in query)
            faults.When(!Parameters.Contains(name), name, $"{name} is not a parameter of this route.")
                .When(Parameters.Contains(name) && values.Count != 1, name, $"{name} may be given once.");

        var id = query.TryGetValue("tz", out var zones) ? zones[0] ?? "" : "UTC";
        if (!(id.Length is > 0 and <= LongestZone && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) && zone.HasIanaId))
        {
            faults.Add("tz", "tz must be the name of a time zone (Europe/Berlin).");
            zone = TimeZoneInfo.Utc;
        }

        var utcToday = DateOnly.FromDateTime(now.UtcDateTime);
        DateOnly? asOf = null;
        if (query.TryGetValue("asOf", out var asked) && asked[0] is { Length: > 0 })
        {
            asOf = DayOf(asked[0]);
            faults.When(asOf is null, "asOf", "asOf must be a date (2026-12-31).").When(asOf > utcToday, "asOf", "asOf must not be in the future.")
                .When(asOf < DateOnly.FromDateTime(DateTime.UnixEpoch), "asOf", "asOf must not be before 1970-01-01.");
        }

        var end = asOf is { } past && past < utcToday ? Bucket.StartOf(Bucket.Of(past) + Bucket.Day) : now;
        var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(end.AddTicks(-1), zone).DateTime);
        var (lastDay, last, to) = Bound("to", true) ?? (today, StartOf(today.AddDays(1), zone), Text(today));
        var usual = DateOnly.FromDayNumber(Math.Max(lastDay.DayNumber - UsualDays + 1, 0));
        var (firstDay, first, from) = Bound("from", false) ?? (usual, StartOf(usual, zone), Text(usual));
        if (faults.Refusal is null)
            faults.When(first >= last, "from", "from must not be later than to.")
                .When(lastDay.DayNumber - firstDay.DayNumber >= MostDays, "from", $"from and to may span at most {MostDays} days.");

        return faults.Refusal is { } refusal ? (new("", "", "", null, []), refusal)
            : (new(from, to, id, asOf, Split(firstDay, lastDay, first, last, zone)), faults.Problem);

        (DateOnly Day, DateTimeOffset At, string Text)? Bound(string name, bool isEnd)
        {
            if (!query.TryGetValue(name, out var given) || given[0] is not { Length: > 0 })
                return null;

            if (DayOf(given[0]) is { } day && day > DateOnly.MinValue.AddDays(1) && day < DateOnly.MaxValue.AddDays(-1))
                return (day, StartOf(isEnd ? day.AddDays(1) : day, zone), Text(day));

            if (DayOf(given[0]) is null && WireTime.Parse(given[0]) is { Year: > 1 and < 9999 } time)
                return (DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(isEnd ? time.AddTicks(-1) : time, zone).DateTime), time, time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture));

            faults.Add(name, $"{name} must be a date (2026-12-31) or a time with an offset (2026-12-31T17:00:00Z).");
            return null;
        }
    }

    /// <summary>When a day begins somewhere: where clocks are put forward at midnight, with the first moment there is.</summary>
    public static DateTimeOffset StartOf(DateOnly day, TimeZoneInfo zone)
    {
        var local = day.ToDateTime(TimeOnly.MinValue);
        while (zone.IsInvalidTime(local))
            local = local.AddSeconds(Bucket.Seconds);

        return new DateTimeOffset(local, zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local)).ToUniversalTime();
    }

    private static List<PeriodDay> Split(DateOnly firstDay, DateOnly lastDay, DateTimeOffset first, DateTimeOffset last, TimeZoneInfo zone)
    {
        // A period that ends within a bucket has all of it.
        var (begin, end) = (Bucket.Of(first), Bucket.Of(last.AddTicks(-1)) + 1);
        var days = new List<PeriodDay>();
        for (var day = firstDay; day <= lastDay; day = day.AddDays(1))
            days.Add(new(day, Math.Max(begin, Bucket.Of(StartOf(day, zone))), Math.Min(end, Bucket.Of(StartOf(day.AddDays(1), zone)))));

        return days;
    }

    private static DateOnly? DayOf(string? text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    private static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
