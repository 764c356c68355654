using System.Globalization;

namespace TicMate.Bench.Measure;

/// <summary>Something that was measured and is not the rate of one operation.</summary>
/// <param name="Met">Whether the target is met; null where there is none.</param>
public sealed record Figure(string Name, string Measured, string Target, bool? Met)
{
    public const string Header = """
        | figure | measured | target | met |
        | --- | --- | --- | --- |
        """;

    /// <summary>The names by which figures are asked for.</summary>
    public static readonly string[] Names = ["start", "memory", "lag", "import", "login", "sizes", Nodes.Name];

    public static Figure AtMost(string name, double measured, double most, string unit, string note = "") =>
        new(name, Text($"{measured:0.##} {unit}{note}"), Text($"≤ {most:0.##} {unit}"), measured <= most);

    public static Figure AtLeast(string name, double measured, double least, string unit, string note = "") =>
        new(name, Text($"{measured:0.##} {unit}{note}"), Text($"≥ {least:0.##} {unit}"), measured >= least);

    public string Row => $"| {Name} | {Measured} | {Target} | {Met switch { true => "yes", false => "no", null => "" }} |";

    /// <summary>Numbers as they are written everywhere.</summary>
    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
