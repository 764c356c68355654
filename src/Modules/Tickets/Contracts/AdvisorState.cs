namespace TicMate.Tickets.Contracts;

/// <summary>Who reads new tickets first, and whether the language model can be asked.</summary>
/// <param name="Advisor">model or built-in.</param>
/// <param name="State">off (there is no model), ok, resting (the provider asked for a pause), circuit-open or budget-exhausted; the last three as this node sees it.</param>
/// <param name="LeftToday">Of the daily cap, in the currency of the prices; null without one.</param>
public sealed record AdvisorState(string Advisor, string? Model, string State, decimal? LeftToday, decimal? LeftThisMonth, long TokensLeftToday);

/// <summary>Tells how the agent is.</summary>
public interface IAdvisorState
{
    Task<AdvisorState> ReadAsync(CancellationToken ct);

    /// <summary>The share of the cap that is nearest, 1 being all of it.</summary>
    Task<double> BudgetUsedAsync(CancellationToken ct);
}
