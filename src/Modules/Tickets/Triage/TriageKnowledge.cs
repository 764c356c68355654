using Marten;
using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Triage;

/// <summary>What advisors may know of this installation: the skills its staff have now, and what its solved tickets taught.</summary>
public sealed class TriageKnowledge(IDocumentStore store)
{
    public async ValueTask<Installation> CurrentAsync(CancellationToken ct)
    {
        await using var session = store.QuerySession();
        var staff = await session.StaffAsync(ct);
        return new Installation([.. staff.SelectMany(s => s.Skills).Distinct(StringComparer.OrdinalIgnoreCase)], null);
    }
}
