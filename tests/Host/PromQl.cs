using System.Text;
using System.Text.RegularExpressions;
using OpenTelemetry.Metrics;

namespace TicMate.Tests.Host;

/// <summary>What a query asks for: the series, and what it takes their labels to be.</summary>
/// <param name="Exact">Labels that must have just this value.</param>
public sealed record AskedSeries(string Name, IReadOnlyList<string> Labels, IReadOnlyList<(string Label, string Value)> Exact);

/// <summary>From OpenTelemetry's names to those of Prometheus, by the rule of the specification, and from a query to the names in it. Pure.</summary>
public static partial class PromQl
{
    private static readonly Dictionary<string, string> Units = new() { ["s"] = "seconds", ["ms"] = "milliseconds", ["By"] = "bytes", ["%"] = "percent" };

    private static readonly HashSet<string> Words =
    [
        "sum", "max", "min", "by", "rate", "increase", "deriv", "absent", "unless", "and", "or", "histogram_quantile", "min_over_time", "topk", "label_values",
        "le", "job", "instance",
    ];

    /// <summary>The series that a metric becomes.</summary>
    public static string[] Names(string name, string unit, MetricType type)
    {
        var full = Cleaned(name);
        var suffix = Units.GetValueOrDefault(unit, unit is "1" && type.IsGauge() ? "ratio" : "");
        if (suffix.Length > 0 && !full.EndsWith($"_{suffix}", StringComparison.Ordinal))
            full += $"_{suffix}";

        return type.IsHistogram() ? [$"{full}_bucket", $"{full}_count", $"{full}_sum"]
            : type is MetricType.LongSum or MetricType.DoubleSum ? [full.EndsWith("_total", StringComparison.Ordinal) ? full : $"{full}_total"]
            : [full];
    }

    public static string Cleaned(string name) => NotAllowed().Replace(name, "_");

    /// <summary>The series in a query. Every name that is not one of the language must be one.</summary>
    public static IReadOnlyList<AskedSeries> SeriesIn(string query)
    {
        var by = By().Matches(query).SelectMany(m => Names(m.Groups[1].Value)).ToArray();
        var bare = By().Replace(Selector().Replace(query, m => m.Groups[1].Value), " ");
        var names = Name().Matches(Range().Replace(bare, "")).Select(m => m.Value).Where(name => !Words.Contains(name)).ToHashSet();
        foreach (var match in Selector().Matches(query).Cast<Match>())
            names.Remove(match.Groups[1].Value);

        return [.. Selector().Matches(query).Select(m => Asked(m.Groups[1].Value, m.Groups[2].Value, by)), .. names.Select(name => Asked(name, "", by))];

        static IEnumerable<string> Names(string list) => list.Split(',', StringSplitOptions.TrimEntries);
    }

    private static AskedSeries Asked(string name, string selector, string[] by)
    {
        var matchers = Matcher().Matches(selector);
        return new(
            name, [.. matchers.Select(m => m.Groups[1].Value).Concat(by).Except(["le", "job", "instance"]).Distinct()],
            [.. matchers.Where(m => m.Groups[2].Value == "=" && m.Groups[1].Value is not "job").Select(m => (m.Groups[1].Value, m.Groups[3].Value))]);
    }

    [GeneratedRegex("[^a-zA-Z0-9]+")]
    private static partial Regex NotAllowed();

    [GeneratedRegex("[a-z][a-z0-9_]*(?![a-z0-9_\"])")]
    private static partial Regex Name();

    [GeneratedRegex(@"\bby \(([^)]*)\)")]
    private static partial Regex By();

    [GeneratedRegex("([a-z][a-z0-9_]*)\\{([^}]*)\\}")]
    private static partial Regex Selector();

    [GeneratedRegex("([a-z_]+)\\s*(=~|!~|!=|=)\\s*\"([^\"]*)\"")]
    private static partial Regex Matcher();

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex Range();
}
