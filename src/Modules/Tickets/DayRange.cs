using TicMate.Identity.Contracts;

namespace TicMate.Tickets;

/// <summary>Days in UTC, both included, as reports are asked for them: <c>from</c> and <c>to</c>.</summary>
public sealed record DayRange(DateOnly From, DateOnly To)
{
    public const int MostDays = 366, UsualDays = 30;

    /// <summary>The last 30 days, today included, as far as the query does not say otherwise. A time stands for the UTC day it falls on.</summary>
    public static DayRange Read(IQueryCollection query, DateTimeOffset now, Faults faults)
    {
        var to = Day("to") ?? DateOnly.FromDateTime(now.UtcDateTime);
        var from = Day("from") ?? (to.DayNumber < UsualDays ? to : to.AddDays(1 - UsualDays));
        if (faults.Refusal is null)
            faults.When(from > to, "from", "from must not be later than to.")
                .When(to.DayNumber - from.DayNumber >= MostDays, "from", $"from and to may span at most {MostDays} days.");
        return new(from, to);

        DateOnly? Day(string name)
        {
            if (!query.TryGetValue(name, out var given))
                return null;

            var time = WireTime.Parse(given[0]);
            faults.When(time is null, name, $"{name} must be a date (2026-12-31) or a time with an offset (2026-12-31T17:00:00Z).");
            return time is { } day ? DateOnly.FromDateTime(day.UtcDateTime) : null;
        }
    }

    /// <summary>The grouping asked for; any parameter but it and the days is a fault, and so is one given twice.</summary>
    public static string Grouping(IQueryCollection query, string[] groupings, string usual, Faults faults)
    {
        foreach (var (name, values) in query)
            faults.When(!Parameters.Contains(name), name, $"{name} is not a parameter of this route.")
                .When(Parameters.Contains(name) && values.Count != 1, name, $"{name} may be given once.");

        var groupBy = query.TryGetValue("groupBy", out var asked) ? asked[0] ?? "" : usual;
        faults.When(!groupings.Contains(groupBy), "groupBy", $"groupBy must be one of {string.Join(", ", groupings)}.");
        return groupBy;
    }

    public static readonly string[] Parameters = ["groupBy", "from", "to"];
}
