using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Primitives;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Quality;

namespace TicMate.Tests.Tickets.Quality;

public sealed class ShareTests
{
    [Theory]
    [InlineData(8, 10, 0.8, 0.4902, 0.9433)]
    [InlineData(0, 10, 0, 0, 0.2775)]
    [InlineData(10, 10, 1, 0.7225, 1)]
    [InlineData(500, 1000, 0.5, 0.4691, 0.5309)]
    [InlineData(1, 1, 1, 0.2065, 1)]
    public void A_share_comes_with_the_interval_that_the_textbooks_give(long count, long n, double rate, double low, double high)
    {
        var share = Share.Of(count, n);

        (share.Count, share.N, share.Rate).ShouldBe((count, n, rate));
        share.Low!.Value.ShouldBe(low, 0.0001);
        share.High!.Value.ShouldBe(high, 0.0001);
    }

    [Fact]
    public void Of_nothing_there_is_no_share() => Share.Of(0, 0).ShouldBe(new Share(0, 0, null, null, null));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.0999, 0)]
    [InlineData(0.1, 1)]
    [InlineData(0.3, 3)]
    [InlineData(0.7, 7)]
    [InlineData(0.95, 9)]
    [InlineData(1, 9)]
    [InlineData(1.5, 9)]
    [InlineData(-1, 0)]
    [InlineData(double.NaN, 0)]
    public void A_confidence_belongs_to_the_bucket_that_begins_at_or_below_it(double confidence, int bucket) => Confidence.BucketOf(confidence).ShouldBe(bucket);

    [Fact]
    public void Waiting_proposals_that_nobody_decided_on_say_nothing_about_how_sure_the_agent_may_be()
    {
        var view = QualityViews.Of([new(null, 4, Proposed: 5, Applied: 1, Accepted: 1, Edited: 0, Rejected: 1, Undone: 0, Judged: 3, Stood: 2, Confidence: 1_350_000)], [], true)[0];

        var bucket = view.Calibration[4];
        (bucket.From, bucket.To, bucket.N, bucket.MeanConfidence, bucket.Stood).ShouldBe((0.4, 0.5, 3, 0.45, Share.Of(2, 3)));
        view.Calibration.Count.ShouldBe(10);
        view.Calibration.Where(b => b != bucket).ShouldAllBe(b => b.N == 0 && b.MeanConfidence == null);
        (view.Rates.Applied, view.Rates.Accepted, view.Rates.Undone).ShouldBe((Share.Of(1, 5), Share.Of(1, 2), Share.Of(0, 1)));
    }

    [Fact]
    public void One_skill_in_two_spellings_is_one_group()
    {
        static QualityCounts Of(string? group, long proposed) => new(group, 1, proposed, 0, 0, 0, 0, 0, 0, 0, 0);

        var views = QualityViews.Of([Of(null, 5), Of("vpn", 1), Of("VPN", 3), Of("mail", 1)], [new("vpn", 1, 1), new("VPN", 2, 0)], true);

        views.Select(v => (v.Group, v.Proposed)).ShouldBe([(null, 5), ("VPN", 4), ("mail", 1)]);
        views[1].FirstAssignee.ShouldBe(Share.Of(1, 3));
    }

    private static readonly DateTimeOffset Now = new(2026, 11, 22, 1, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("", "2026-10-24", "2026-11-22")]
    [InlineData("to=2026-03-31", "2026-03-02", "2026-03-31")]
    [InlineData("from=2025-11-22", "2025-11-22", "2026-11-22")]
    [InlineData("from=2026-03-01T23:30:00-02:00&to=2026-03-02", "2026-03-02", "2026-03-02")]
    public void Days_are_those_of_UTC_and_both_ends_count(string query, string from, string to)
    {
        var (read, problem) = Read(query);

        problem.Status.ShouldBeNull();
        (read.GroupBy, $"{read.Days.From:yyyy-MM-dd}", $"{read.Days.To:yyyy-MM-dd}").ShouldBe(("field", from, to));
    }

    [Theory]
    [InlineData("groupBy=team", "groupBy")]
    [InlineData("groupBy=", "groupBy")]
    [InlineData("groupBy=field&groupBy=skill", "groupBy")]
    [InlineData("group=field", "group")]
    [InlineData("from=2026-03-01T10:00:00", "from")]
    [InlineData("to=yesterday", "to")]
    [InlineData("from=", "from")]
    [InlineData("from=2026-03-02&to=2026-03-01", "from")]
    [InlineData("from=2030-01-01", "from")]
    [InlineData("from=2025-11-21", "from")]
    [InlineData("from=0001-01-01&to=9999-12-31", "from")]
    public void What_is_not_understood_is_refused(string query, string field) =>
        Read(query).Problem.Extensions["errors"].ShouldBeOfType<Fault[]>().Select(f => f.Field).Distinct().ShouldBe([field]);

    [Fact]
    public void The_first_day_there_is_can_be_asked_for() => Read("to=0001-01-01").Read.Days.From.ShouldBe(DateOnly.MinValue);

    private static (QualityQuery Read, ProblemDetails Problem) Read(string query) =>
        QualityQuery.Read(new QueryCollection(Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(query)), Now);
}
