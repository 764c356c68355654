using System.Text.Json;
using Marten;
using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Triage.Costs;

/// <summary>What the calls of one day, feature, model or outcome came to.</summary>
/// <param name="Key">The day, the feature, the model or the outcome.</param>
/// <param name="Failed">How many of them gave no usable answer.</param>
/// <param name="Cost">In the currency of the prices.</param>
/// <param name="UnpricedCalls">How many have no price in the table, and so no cost here.</param>
public sealed record UsageView(string Key, long Calls, long Failed, long UnpricedCalls, long InputTokens, long OutputTokens, decimal Cost, long AverageLatencyMs)
{
    /// <summary>Whether the cost is that of all of the calls.</summary>
    public bool Priced => UnpricedCalls == 0;
}

/// <param name="Daily">The cap; null is none.</param>
/// <param name="State">ok, warning from 80 % of any cap on, exhausted at 100 %.</param>
public sealed record BudgetView(decimal? Daily, decimal? Monthly, decimal SpentToday, decimal SpentThisMonth, long DailyTokens, long TokensToday, string State);

public sealed record UsageAnswer(IReadOnlyList<UsageView> Usage, BudgetView Budget) : Answer;

/// <summary>Which part of the book is wanted.</summary>
public sealed record UsageQuery(string GroupBy, DayRange Days)
{
    public static readonly string[] Groupings = ["day", "feature", "model", "outcome"];

    public static (UsageQuery, ProblemDetails) Read(IQueryCollection query, DateTimeOffset now)
    {
        var faults = new Faults();
        var wanted = new UsageQuery(DayRange.Grouping(query, Groupings, "day", faults), DayRange.Read(query, now, faults));
        return (wanted, faults.Problem);
    }
}

public static class GetAiUsageEndpoint
{
    public static (UsageQuery, ProblemDetails) Validate(HttpContext http, TimeProvider clock) => UsageQuery.Read(http.Request.Query, clock.GetUtcNow());

    [Authorize(Roles = Roles.Admin), WolverineGet("/api/admin/ai/usage")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403)]
    public static async Task<UsageAnswer> Get(UsageQuery query, IQuerySession session, IOptions<BudgetOptions> budget, TimeProvider clock, CancellationToken ct)
    {
        // The name of the column is one of four words, never the caller's.
        var rows = await session.QueryAsync<string>(
            $"""
            select jsonb_build_object('key', {query.GroupBy}::text, 'calls', sum(calls)::bigint, 'failed', coalesce(sum(calls) filter (where outcome <> 'answered'), 0)::bigint,
              'unpricedCalls', sum(unpriced)::bigint, 'inputTokens', sum(input_tokens)::bigint, 'outputTokens', sum(output_tokens)::bigint,
              'cost', sum(cost_micros) / 1000000.0, 'averageLatencyMs', (sum(latency_ms_sum) / sum(calls))::bigint)::text
            from {SpendProjection.TableOf(session)} where day between ? and ? group by {query.GroupBy} order by {query.GroupBy} limit 1000
            """, ct, query.Days.From, query.Days.To);
        var (caps, spent) = (budget.Value, await SpendProjection.SpentAsync(session, Today(clock), ct));
        return new(
            [.. rows.Select(row => JsonSerializer.Deserialize<UsageView>(row, JsonSerializerOptions.Web)!)],
            new(caps.DailyBudget, caps.MonthlyBudget, spent.TodayMicros / 1_000_000m, spent.MonthMicros / 1_000_000m, caps.DailyTokens, spent.TodayTokens, spent.State(caps)));
    }

    private static DateOnly Today(TimeProvider clock) => DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
}
