using System.Globalization;
using TicMate.Tickets.Contracts;

namespace TicMate.Admin.Dashboard.Pictures;

/// <param name="Tone">Which colour of the page, <c>--tone-</c> and this.</param>
public sealed record Series(string Name, IReadOnlyList<long> Values, string Tone);

public sealed record Column(string Name, IReadOnlyList<string> Cells);

/// <summary>One chart and the table that says the same.</summary>
/// <param name="Kind">lines, ring, columns or bars: how the page's script draws it.</param>
/// <param name="Metrics">What is defined of it.</param>
public sealed record Figure(string Id, string Title, string Kind, string Head, IReadOnlyList<string> Labels, IReadOnlyList<Series> Series, string[] Metrics)
{
    /// <summary>A chart has room for so many bars; the table has them all.</summary>
    public const int MostBars = 12;

    /// <summary>Its parts add up to all.</summary>
    public bool IsStacked { get; init; }
    public bool IsWide { get; init; }
    public Column? More { get; init; }

    public bool IsEmpty => Series.All(s => s.Values.All(value => value == 0));
    public int Drawn => Kind is "bars" ? Math.Min(Labels.Count, MostBars) : Labels.Count;

    /// <summary>What the picture shows, for whoever hears the page.</summary>
    public string Spoken => $"{Title}. " + (Kind is "lines"
        ? string.Join(", ", Series.Select(s => $"{s.Name}: {Say.Count(s.Values.Sum())} in all, {Say.Count(s.Values.DefaultIfEmpty().Max())} at most"))
        : string.Join("; ", Labels.Take(Drawn).Select((label, n) => $"{label}: " + string.Join(", ", Series.Select(s => Series.Count > 1 ? $"{s.Name} {Say.Count(s.Values[n])}" : Say.Count(s.Values[n])))))) + ".";
}

/// <summary>The figures of a dashboard, in the order of the page.</summary>
public static class Figures
{
    public static IReadOnlyList<Figure> Of(DashboardAnswer numbers) =>
    [
        new("days", "Tickets per day", "lines", "Day", [.. numbers.Days.Select(d => Say.Day(d.Day))],
            [new("Created", [.. numbers.Days.Select(d => d.Created)], "a"), new("Completed", [.. numbers.Days.Select(d => d.Completed)], "b"), new("Reopened", [.. numbers.Days.Select(d => d.Reopened)], "c")],
            ["days.created", "days.completed", "days.reopened"]) { IsWide = true },
        new("status", "Tickets by status", "ring", "Status", [.. numbers.ByStatus.Select(s => s.Key == Status.Todo ? "To do" : Say.Word(s.Key))],
            [new("Tickets", [.. numbers.ByStatus.Select(s => s.Count)], "")], ["byStatus.count"]),
        new("age", "Backlog by age", "columns", "Age", [.. numbers.BacklogByAge.Select(a => Say.Age(a.Key))],
            [new("Open", [.. numbers.BacklogByAge.Select(a => a.Count)], "a")], ["backlogByAge.count"]),
        OpenAndCompleted("priority", "Tickets by priority", "Priority", numbers.ByPriority, "byPriority", Say.Word),
        new("agent", "What became of the agent's proposals", "bars", "Proposals", ["Applied", "Accepted", "Edited", "Rejected", "Undone"],
            [new("Proposals", [numbers.Ai.Applied, numbers.Ai.Accepted, numbers.Ai.Edited, numbers.Ai.Rejected, numbers.Ai.Undone], "d")],
            ["ai.proposed", "ai.applied", "ai.accepted", "ai.edited", "ai.rejected", "ai.undone"]),
        OpenAndCompleted("category", "Tickets by category", "Category", numbers.ByCategory, "byCategory", Say.Name),
        OpenAndCompleted("skill", "Tickets by skill", "Skill", numbers.BySkill, "bySkill", Say.Name),
        new("staff", "Staff", "bars", "Person", [.. numbers.Moderators.Select(m => m.Name)],
            [new("Open now", [.. numbers.Moderators.Select(m => m.Open)], "a"), new("Completed in the period", [.. numbers.Moderators.Select(m => m.Completed)], "b")],
            ["moderators.open", "moderators.completed", "moderators.medianResolutionSeconds"])
        {
            IsWide = true, More = new("Median time to resolution", [.. numbers.Moderators.Select(m => Say.Duration(m.MedianResolutionSeconds))]),
        },
    ];

    private static Figure OpenAndCompleted(string id, string title, string head, IReadOnlyList<TicketCountView> counts, string metrics, Func<string, string> say) => new(
        id, title, "bars", head, [.. counts.Select(c => say(c.Key))],
        [new("Open", [.. counts.Select(c => c.Open)], "a"), new("Completed", [.. counts.Select(c => c.Count - c.Open)], "quiet")], [$"{metrics}.open", $"{metrics}.count"])
    {
        IsStacked = true,
    };
}

/// <summary>Numbers and words as people read them.</summary>
public static class Say
{
    public const string Nothing = "–";

    /// <summary>Between a number and its unit no line ends.</summary>
    public const char Gap = '\u00a0';

    public static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    public static string Share(double? share) => share is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value * 100:0.#}{Gap}%") : Nothing;

    public static string Day(DateOnly day) => day.ToString("d MMM yyyy", CultureInfo.InvariantCulture);

    /// <summary>With two digits or three: more would be more than the numbers know.</summary>
    public static string Duration(double? seconds) => seconds switch
    {
        null => Nothing,
        < 1 => $"<{Gap}1{Gap}s",
        < 99.5 => Amount(seconds.Value, "s"),
        < 99.5 * 60 => Amount(seconds.Value / 60, "min"),
        < 48 * 3600 => Amount(seconds.Value / 3600, "h"),
        _ => Amount(seconds.Value / 86400, "days"),
    };

    /// <summary>A status or a priority.</summary>
    public static string Word(string word) => char.ToUpperInvariant(word[0]) + word[1..].Replace('_', ' ');

    /// <summary>What people wrote stays as it is.</summary>
    public static string Name(string name) => name.Length > 0 ? name : "(none)";

    public static string Age(string age) => age[0] switch
    {
        '<' => $"<{Gap}{age[1..^1]}{Gap}d",
        '>' => $">{Gap}{age[1..^1]}{Gap}d",
        _ => $"{age[..^1].Replace('-', '–')}{Gap}d",
    };

    private static string Amount(double amount, string unit) => amount.ToString(amount < 9.95 ? "0.#" : "0", CultureInfo.InvariantCulture) + Gap + unit;
}
