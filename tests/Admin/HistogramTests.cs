using CsCheck;
using TicMate.Admin.Dashboard;

namespace TicMate.Tests.Admin;

public sealed class HistogramTests
{
    [Fact]
    public void A_percentile_is_off_by_five_percent_at_most() =>
        Gen.Double[0, 8].Select(power => TimeSpan.FromSeconds(Math.Pow(10, power))).Array[1, 200].Select(Gen.Double[0.01, 1]).Sample((durations, part) =>
        {
            var exact = durations.Order().ElementAt((int)Math.Ceiling(part * durations.Length) - 1).TotalSeconds;
            var told = Histogram.Percentile(Bins(durations), part)!.Value;
            return Math.Abs(told - exact) <= 0.05 * exact;
        });

    [Fact]
    public void What_took_less_than_a_second_took_none_and_nothing_has_no_percentile()
    {
        Histogram.Percentile(Bins([TimeSpan.FromMilliseconds(999), TimeSpan.Zero, TimeSpan.FromSeconds(-5)]), 0.9).ShouldBe(0);
        Histogram.Percentile([], 0.5).ShouldBeNull();
        Histogram.Percentile([KeyValuePair.Create(7, 0L)], 0.5).ShouldBeNull();
    }

    [Fact]
    public void Histograms_of_parts_add_up_to_that_of_the_whole() =>
        Gen.Int[0, 1_000_000].Select(n => TimeSpan.FromSeconds(n)).Array[1, 50].Array[2].Sample(parts =>
            Histogram.Percentile(parts.SelectMany(Bins).GroupBy(bin => bin.Key).Select(bin => KeyValuePair.Create(bin.Key, bin.Sum(b => b.Value))), 0.5)
                == Histogram.Percentile(Bins(parts.SelectMany(part => part)), 0.5));

    private static IEnumerable<KeyValuePair<int, long>> Bins(IEnumerable<TimeSpan> durations) =>
        durations.CountBy(Histogram.BinOf).Select(bin => KeyValuePair.Create(bin.Key, (long)bin.Value));
}
