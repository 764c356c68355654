using TicMate.Tickets.Triage;
using TicMate.Tickets.Triage.Costs;

namespace TicMate.Tests.Tickets.Triage;

public sealed class SpentTests
{
    private static readonly BudgetOptions Budget = new() { DailyBudget = 1m, MonthlyBudget = 10m, DailyTokens = 1_000 };

    [Theory]
    [InlineData(0, 0, 0, "ok")]
    [InlineData(799_999, 0, 0, "ok")]
    [InlineData(800_000, 0, 0, "warning")]
    [InlineData(0, 8_000_000, 0, "warning")]
    [InlineData(0, 0, 800, "warning")]
    [InlineData(999_999, 0, 0, "warning")]
    [InlineData(1_000_000, 0, 0, "exhausted")]
    [InlineData(0, 10_000_000, 0, "exhausted")]
    [InlineData(0, 0, 1_000, "exhausted")]
    public void The_cap_that_is_nearest_counts(long today, long month, long tokens, string state) => new Spent(today, month, tokens).State(Budget).ShouldBe(state);

    [Fact]
    public void Without_caps_only_tokens_are_counted_and_a_cap_of_nothing_is_used_up()
    {
        new Spent(long.MaxValue, long.MaxValue, 1_999_999 / 2).State(new()).ShouldBe("ok");
        new Spent(0, 0, 2_000_000).State(new()).ShouldBe("exhausted");
        new Spent(0, 0, 0).State(new() { DailyBudget = 0 }).ShouldBe("exhausted");
    }

    [Fact]
    public void A_call_costs_what_the_table_says_for_its_day()
    {
        ModelPrice[] prices =
        [
            new() { Model = "m", From = new(2026, 1, 1), InputPerMillion = 1, OutputPerMillion = 2 },
            new() { Model = "m", From = new(2026, 6, 1), InputPerMillion = 0.5m, OutputPerMillion = 1 },
        ];
        var call = new ModelAsked(Guid.CreateVersion7(), "triage", null, "m", 1_001, 10, 0, null, 1, "answered");

        ModelPrice.Of(prices, call, new(2026, 5, 31)).ShouldBe((1_021, new DateOnly(2026, 1, 1)));
        ModelPrice.Of(prices, call, new(2026, 6, 1)).ShouldBe((511, new DateOnly(2026, 6, 1)));
        ModelPrice.Of(prices, call, new(2025, 1, 1)).ShouldBe((0, null));
        ModelPrice.Of(prices, call with { Model = "other" }, new(2026, 6, 1)).ShouldBe((0, null));
    }

    [Theory]
    [InlineData(true, null, 1, false)]
    [InlineData(true, null, 3, true)]
    [InlineData(false, null, 1, true)]
    [InlineData(true, 1, 1, false)]
    [InlineData(true, 4, 2, false)]
    [InlineData(true, 7, 1, true)]
    public void Another_try_is_made_only_when_it_may_help(bool transient, int? retryAfter, int attempt, bool isFinal) =>
        TriageTicketHandler.IsFinal(new("rate-limited", transient, retryAfter is { } s ? TimeSpan.FromSeconds(s) : null), attempt).ShouldBe(isFinal);
}
