using CsCheck;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Primitives;
using TicMate.Admin.Dashboard;
using TicMate.Identity.Contracts;

namespace TicMate.Tests.Admin;

public sealed class DashboardQueryTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", 23 * 4)]
    [InlineData("Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", 25 * 4)]
    [InlineData("America/New_York", "2026-07-01", "2026-07-01T04:00:00Z", 24 * 4)]
    [InlineData("Asia/Kathmandu", "2026-07-01", "2026-06-30T18:15:00Z", 24 * 4)]
    [InlineData("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00Z", (23 * 4) + 2)]
    [InlineData("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z", 23 * 4)]
    [InlineData("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", 25 * 4)]
    public void A_day_is_as_long_as_it_is_where_it_is(string zone, string day, string begin, int buckets)
    {
        var (query, problem) = Read(("tz", zone), ("from", day), ("to", day));

        problem.Status.ShouldBeNull();
        var only = query.Days.ShouldHaveSingleItem();
        (Bucket.StartOf(only.First), only.Last - only.First).ShouldBe((DateTimeOffset.Parse(begin, System.Globalization.CultureInfo.InvariantCulture), buckets));
    }

    [Fact]
    public void Days_follow_each_other_without_a_gap() =>
        Gen.OneOf(new[] { "UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana", "Pacific/Apia" }.Select(Gen.Const).ToArray()).Select(Gen.Int[0, 300]).Sample((zone, back) =>
        {
            var from = DateOnly.FromDateTime(Now.UtcDateTime).AddDays(-back);
            var days = Read(("tz", zone), ("from", from.ToString("yyyy-MM-dd", null)), ("to", "2026-11-23")).Item1.Days;
            return days.Count == back + 1 && days.Zip(days.Skip(1)).All(pair => pair.First.Last == pair.Second.First && pair.First.Day.AddDays(1) == pair.Second.Day);
        });

    [Fact]
    public void Without_parameters_it_is_the_last_thirty_days_of_utc_today_included()
    {
        var query = Read().Item1;

        (query.From, query.To, query.Zone, query.AsOf, query.Days.Count).ShouldBe(("2026-10-25", "2026-11-23", "UTC", null, 30));
        Bucket.StartOf(query.Last).ShouldBe(new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero));
        Read(("asOf", "2026-11-01")).Item1.ShouldSatisfyAllConditions(q => (q.From, q.To).ShouldBe(("2026-10-03", "2026-11-01")));
    }

    [Theory]
    [InlineData("0001-01-01"), InlineData("1969-12-31"), InlineData("2026-11-24"), InlineData("9999-12-31")]
    public void Before_the_first_day_and_after_today_nothing_stood(string asOf) => Read(("asOf", asOf)).Item2.Status.ShouldBe(400);

    [Fact]
    public void A_time_takes_the_quarter_of_an_hour_that_it_is_in()
    {
        var query = Read(("from", "2026-11-22T10:07:00Z"), ("to", "2026-11-22T11:01:00+01:00"), ("tz", "Asia/Tokyo")).Item2;
        query.Status.ShouldBe(400);

        var days = Read(("from", "2026-11-22T10:07:00Z"), ("to", "2026-11-22T17:01:00+01:00"), ("tz", "Asia/Tokyo")).Item1.Days;
        days.Select(day => (day.Day.Day, Bucket.StartOf(day.First).ToString("HH:mm", null), Bucket.StartOf(day.Last).ToString("HH:mm", null)))
            .ShouldBe([(22, "10:00", "15:00"), (23, "15:00", "16:15")]);
    }

    [Fact]
    public void A_field_left_empty_is_as_if_it_were_not_there()
    {
        var (query, problem) = Read(("from", ""), ("to", ""), ("asOf", ""), ("tz", "UTC"));
        (query.From, query.To, query.AsOf, problem.Status).ShouldBe(("2026-10-25", "2026-11-23", null, null));
    }

    [Theory]
    [InlineData("tz", "Mars/Olympus"), InlineData("tz", "../../etc/passwd"), InlineData("tz", ""), InlineData("asOf", "2026-11-24"), InlineData("asOf", "yesterday")]
    [InlineData("from", "2026-11-24"), InlineData("from", "2025-11-22"), InlineData("from", "0001-01-01"), InlineData("to", "9999-12-31"), InlineData("day", "1")]
    public void What_is_not_understood_is_refused(string name, string value) => Read((name, value)).Item2.Status.ShouldBe(400);

    [Fact]
    public void Stretches_cover_every_bucket_once_and_are_few() => Gen.Int[-5_000, 5_000].Select(Gen.Int[0, 40_000]).Sample((first, count) =>
    {
        var stretches = Bucket.Cover(first, first + count, Bucket.Spans).ToArray();
        var covered = stretches.SelectMany(s => Enumerable.Range(0, (s.Last - s.First) / s.Span).SelectMany(n => Enumerable.Range(s.First + (n * s.Span), s.Span))).ToArray();
        return covered.SequenceEqual(Enumerable.Range(first, count)) && stretches.All(s => Bucket.Floor(s.First, s.Span) == s.First && Bucket.Floor(s.Last, s.Span) == s.Last) && stretches.Length <= (2 * Bucket.Spans.Length) - 1;
    });

    private static (DashboardQuery, ProblemDetails) Read(params (string Name, string Value)[] parameters) =>
        DashboardQuery.Read(new QueryCollection(parameters.ToDictionary(p => p.Name, p => new StringValues(p.Value))), Now);
}
