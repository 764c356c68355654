using System.Globalization;

namespace TicMate.Bench.Measure;

/// <summary>What one operation did with so many connections.</summary>
public sealed record Measurement(Operation Operation, int Connections, LoadResult Load, Use Use, Yardstick Yardstick)
{
    /// <summary>The part of the yardstick's rate that was reached; its 16 clients are compared with 16 connections.</summary>
    public double Ratio => Load.PerSecond / (Operation.IsRead ? Yardstick.Reads : Yardstick.Writes);

    /// <summary>Whether the target is met; null where there is none for so many connections.</summary>
    public bool? Met => Connections != 16 ? null
        : Operation.Target is { } target ? Ratio >= target
        : Operation.MostMilliseconds is { } most ? Load.P99 <= most * 1_000 : null;

    private string Target => Connections != 16 ? ""
        : Operation.Target is { } target ? $"≥ {target.ToString("0.00#", CultureInfo.InvariantCulture)}"
        : Operation.MostMilliseconds is { } most ? $"p99 ≤ {most} ms" : "";

    public const string Header = """
        | operation | connections | requests/s | p50 ms | p99 ms | service CPU µs | database CPU µs | statements | WAL bytes | ratio | target | met |
        | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
        """;

    public string Row => string.Create(CultureInfo.InvariantCulture,
        $"| {Operation.Name} | {Connections} | {Load.PerSecond:0} | {Load.P50 / 1e3:0.0} | {Load.P99 / 1e3:0.0} | {Each(Use.ServiceCpu):0} | {Each(Use.DatabaseCpu):0} | {Each(Use.Statements):0.0} | {Each(Use.Wal):0} | {Ratio:0.000} | {Target} | {Met switch { true => "yes", false => "no", null => "" }} |");

    private double Each(long used) => (double)used / Load.Requests;
}
