using Marten;
using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Triage.Costs;

/// <summary>The model was asked once. Nothing of what was asked or answered is in it.</summary>
/// <param name="Model">As configured.</param>
/// <param name="CostMicros">In millionths of the currency of the table of prices; 0 when the model has no price there.</param>
/// <param name="PriceDate">Since when the price holds; null when there is none.</param>
/// <param name="Outcome">answered, invalid-answer, or why there was no answer.</param>
public sealed record ModelAsked(
    Guid CallId, string Feature, Guid? TicketId, string Model, long InputTokens, long OutputTokens, long CostMicros, DateOnly? PriceDate, int LatencyMs, string Outcome);

/// <summary>One call is one stream: calls never wait for each other.</summary>
public sealed record ModelCall(Guid Id);

/// <summary>What a model costs from a day on.</summary>
public sealed record ModelPrice
{
    public string Model { get; init; } = "";
    public DateOnly From { get; init; }
    public decimal InputPerMillion { get; init; }
    public decimal OutputPerMillion { get; init; }

    /// <summary>The price of a call on a day, in millionths, or null without one.</summary>
    public static (long Micros, DateOnly? From) Of(IEnumerable<ModelPrice> prices, ModelAsked call, DateOnly day) =>
        prices.Where(p => p.Model == call.Model && p.From <= day).MaxBy(p => p.From) is { } price
            ? ((long)Math.Ceiling(call.InputTokens * price.InputPerMillion + call.OutputTokens * price.OutputPerMillion), price.From) : (0, null);
}

/// <summary>What may be spent, from the section <c>Ai</c> of the configuration. Days and months are UTC.</summary>
public sealed record BudgetOptions
{
    /// <summary>In the currency of the prices; unset is no cap.</summary>
    [Range(0, 1e9)]
    public decimal? DailyBudget { get; init; }

    [Range(0, 1e9)]
    public decimal? MonthlyBudget { get; init; }

    /// <summary>Tokens in and out in a day. Holds for models without a price as well.</summary>
    [Range(0, long.MaxValue)]
    public long DailyTokens { get; init; } = 2_000_000;

    /// <summary>A list, because a model's name may hold the colon that the keys of the configuration are split at.</summary>
    public List<ModelPrice> Prices { get; init; } = [];
}

/// <summary>What was spent so far.</summary>
public sealed record Spent(long TodayMicros, long MonthMicros, long TodayTokens)
{
    public const string Ok = "ok", Warning = "warning", Exhausted = "exhausted";

    /// <summary>The share of the cap that is nearest, 1 being all of it. A cap of nothing is used up.</summary>
    public double Share(BudgetOptions budget) => new[]
    {
        Used(TodayMicros, budget.DailyBudget * 1_000_000m), Used(MonthMicros, budget.MonthlyBudget * 1_000_000m), Used(TodayTokens, budget.DailyTokens),
    }.Max();

    public string State(BudgetOptions budget) => Share(budget) switch { >= 1 => Exhausted, >= 0.8 => Warning, _ => Ok };

    private static double Used(long spent, decimal? cap) => cap switch { null => 0, 0 => 1, _ => (double)(spent / cap.Value) };
}

/// <summary>The book in the event store. It writes in transactions of its own: a call was paid for even if what it was for fails.</summary>
public sealed class ModelLedger(IDocumentStore store, IOptions<BudgetOptions> budget, Held held, TimeProvider clock, ILogger<ModelLedger> log) : IModelLedger
{
    // The days on which this node has said so.
    private int warnedOn, exhaustedOn;

    public async Task<bool> HasBudgetAsync(CancellationToken ct, double share = 1)
    {
        var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
        await using var session = store.QuerySession();
        var spent = await SpendProjection.SpentAsync(session, today, ct);
        var state = spent.State(budget.Value);
        if (state is Spent.Warning && Interlocked.Exchange(ref warnedOn, today.DayNumber) != today.DayNumber)
            log.LogWarning("{Share:P0} of what may be spent on the language model is used; at 100 % the built-in advisor answers alone", spent.Share(budget.Value));
        if (state is Spent.Exhausted && Interlocked.Exchange(ref exhaustedOn, today.DayNumber) != today.DayNumber)
            log.LogWarning("What may be spent on the language model is used up; the built-in advisor answers alone");

        return spent.Share(budget.Value) < share;
    }

    public async Task<bool> IsHeldAsync(CancellationToken ct) => await held.SinceAsync(ct) is not null;

    public async Task RecordAsync(ModelAsked asked, CancellationToken ct)
    {
        var (micros, from) = ModelPrice.Of(budget.Value.Prices, asked, DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime));
        await using var session = store.LightweightSession();
        session.LastModifiedBy = $"agent:{asked.Model}";
        session.Events.StartStream<ModelCall>(asked.CallId, asked with { CostMicros = micros, PriceDate = from });
        await session.SaveChangesAsync(ct);
    }
}
