using Marten;
using Microsoft.Extensions.Options;
using Polly.CircuitBreaker;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Triage.Costs;

namespace TicMate.Tickets.Triage;

/// <summary>How the agent is, from the budget and from what this node has seen of the model.</summary>
public sealed class ReadAdvisorState(IDocumentStore store, TriageAdvisors advisors, ProviderRest rest, IOptions<AiOptions> ai, IOptions<BudgetOptions> budget, TimeProvider clock) : IAdvisorState
{
    public async Task<AdvisorState> ReadAsync(CancellationToken ct)
    {
        var (caps, spent) = (budget.Value, await SpentAsync(ct));
        var state = advisors.Model is null ? "off"
            : spent.State(caps) is Spent.Exhausted ? "budget-exhausted"
            : rest.Circuit.CircuitState is CircuitState.Open or CircuitState.Isolated ? "circuit-open"
            : rest.Left.Ticks > 0 ? "resting" : "ok";
        return new(
            state is "ok" ? "model" : BuiltInTriage.Name, advisors.Model is null ? null : ai.Value.Model, state,
            Left(caps.DailyBudget, spent.TodayMicros), Left(caps.MonthlyBudget, spent.MonthMicros), Math.Max(0, caps.DailyTokens - spent.TodayTokens));
    }

    public async Task<double> BudgetUsedAsync(CancellationToken ct) => (await SpentAsync(ct)).Share(budget.Value);

    private async Task<Spent> SpentAsync(CancellationToken ct)
    {
        await using var session = store.QuerySession();
        return await SpendProjection.SpentAsync(session, DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime), ct);
    }

    private static decimal? Left(decimal? cap, long spentMicros) => cap is { } most ? Math.Max(0, most - spentMicros / 1_000_000m) : null;
}
