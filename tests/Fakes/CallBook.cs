using System.Collections.Concurrent;
using TicMate.Tickets.Triage.Costs;

namespace TicMate.Tests.Fakes;

/// <summary>A book of model calls that is kept in memory, with as much money as a test wants.</summary>
public sealed class CallBook : IModelLedger
{
    public ConcurrentQueue<ModelAsked> Calls { get; } = [];

    public bool HasMoney { get; set; } = true;

    public Task<bool> HasBudgetAsync(CancellationToken ct, double share = 1) => Task.FromResult(HasMoney);

    public Task RecordAsync(ModelAsked asked, CancellationToken ct)
    {
        Calls.Enqueue(asked);
        return Task.CompletedTask;
    }
}
