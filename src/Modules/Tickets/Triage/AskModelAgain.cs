using Marten;
using Microsoft.Extensions.Hosting;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Triage.Costs;
using Wolverine;
using Wolverine.Persistence.EventSourcing;
using Wolverine.Runtime;

namespace TicMate.Tickets.Triage;

/// <summary>The model was away when this ticket came, and is back.</summary>
public sealed record AskModelAgain(Guid TicketId);

public static class AskModelAgainHandler
{
    public const string Reason = "The model is back.";

    public static HandlerContinuation Validate(AskModelAgain _, Ticket? ticket) => ticket is not null && MayBeAsked(ticket) ? HandlerContinuation.Continue : HandlerContinuation.Stop;

    public static TicketTriageRequested Handle(AskModelAgain _, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket) => new(ticket!.Id, null, Reason);

    /// <summary>The built-in advisor stood in for a model that was away for a while, and no person has touched a field since.</summary>
    public static bool MayBeAsked(Ticket ticket) =>
        ticket is { IsErased: false, DeletedAt: null, IsOpen: true, SetByPeople.Length: 0, Agent: { State: AgentState.Done or AgentState.Skipped, Advisor: BuiltInTriage.Name, Reason: { } reason } }
        && (reason is AgentState.Budget || ModelUnavailableException.Passing.Any(passing => reason.EndsWith($": {passing}", StringComparison.Ordinal)));
}

/// <summary>
/// Looks every minute whether tickets wait for a model that was away. One of them is the probe; the others follow when the model has answered it,
/// and after a failure the next probe waits twice as long, up to an hour.
/// </summary>
public sealed class WatchModel(
    IDocumentStore store, IWolverineRuntime runtime, TriageAdvisors advisors, IModelLedger ledger, ModelClaims claims, TimeProvider clock, ILogger<WatchModel> log) : BackgroundService
{
    private const int MostAMinute = 50, MostLookedAt = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1), LongestPause = TimeSpan.FromHours(1), Back = TimeSpan.FromHours(24);

    private Guid? probe;
    private TimeSpan patience = Pause;
    private DateTimeOffset notBefore = DateTimeOffset.MinValue;

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        if (advisors.Model is null)
            return;
        using var timer = new PeriodicTimer(Pause, clock);
        while (await timer.WaitForNextTickAsync(ct))
            try
            {
                await LookAsync(ct);
                await claims.SweepAsync(ct);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogWarning(e, "Tickets that wait for the model could not be looked at; it is tried again in {Pause}", Pause);
            }
    }

    /// <summary>One look; how many tickets are asked about again.</summary>
    public async Task<int> LookAsync(CancellationToken ct)
    {
        if (await ledger.IsHeldAsync(ct) || !await ledger.HasBudgetAsync(ct))
            return 0;

        await using var session = store.QuerySession();
        var isBack = false;
        if (probe is { } id)
        {
            var probed = await session.LoadAsync<Ticket>(id, ct);
            if (probed?.Agent.State is AgentState.Pending)
                return 0;
            (probe, isBack) = (null, probed?.Agent is { State: AgentState.Done, Advisor: not null and not BuiltInTriage.Name });
        }

        var now = clock.GetUtcNow();
        if (isBack)
            patience = Pause;
        else if (now < notBefore)
            return 0;

        var waiting = await WaitingAsync(session, now - Back, ct);
        var asked = waiting.Take(isBack ? MostAMinute : 1).ToArray();
        foreach (var ticket in asked)
            await new MessageBus(runtime).InvokeAsync(new AskModelAgain(ticket), ct);
        if (asked.Length > 0)
            probe = asked[^1];
        if (!isBack && asked.Length > 0)
            (notBefore, patience) = (now + patience, TimeSpan.FromTicks(Math.Min(2 * patience.Ticks, LongestPause.Ticks)));
        return asked.Length;
    }

    // Those asked least often come first, so that no ticket is the probe again and again.
    private static async Task<IEnumerable<Guid>> WaitingAsync(IQuerySession session, DateTimeOffset since, CancellationToken ct)
    {
        var answered = await session.Query<Ticket>()
            .Where(t => t.CreatedAt > since && t.Agent.Advisor == BuiltInTriage.Name && t.Agent.Reason != null && (t.Agent.State == AgentState.Done || t.Agent.State == AgentState.Skipped))
            .OrderBy(t => t.TriageRound).ThenBy(t => t.CreatedAt).Take(MostLookedAt).ToListAsync(ct);
        return answered.Where(AskModelAgainHandler.MayBeAsked).Select(t => t.Id);
    }
}
