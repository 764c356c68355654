using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;

namespace TicMate.Tickets.Triage;

/// <summary>What advisors may know of this installation, looked up again every few seconds rather than for each ticket.</summary>
public sealed class TriageKnowledge(IDocumentStore store, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan StaffRemembered = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim oneAtATime = new(1);
    private (Installation Installation, DateTimeOffset Until) known;

    public async ValueTask<Installation> CurrentAsync(CancellationToken ct)
    {
        if (clock.GetUtcNow() < known.Until)
            return known.Installation;

        await oneAtATime.WaitAsync(ct);
        try
        {
            if (clock.GetUtcNow() >= known.Until)
                known = (await LookUpAsync(ct), clock.GetUtcNow() + StaffRemembered);

            return known.Installation;
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    private async Task<Installation> LookUpAsync(CancellationToken ct)
    {
        await using var session = store.QuerySession();
        var staff = await session.StaffAsync(ct);
        return new Installation([.. staff.SelectMany(s => s.Skills).Distinct(StringComparer.OrdinalIgnoreCase)], null);
    }

    public void Dispose() => oneAtATime.Dispose();
}
