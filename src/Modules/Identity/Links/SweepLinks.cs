using Marten;
using Marten.Patching;
using TicMate.Identity.Contracts;
using TicMate.Identity.Profile;

namespace TicMate.Identity.Links;

/// <summary>Forgets every hour what has served its time: links, quotas, former addresses, and new addresses that nobody confirmed.</summary>
public sealed class SweepLinks(IDocumentStore store, TimeProvider clock, ILogger<SweepLinks> log) : HourlyWork(clock, log)
{
    // A mail is tried for two days, and its expired link renewed when it goes out.
    private static readonly TimeSpan Kept = TimeSpan.FromDays(3);

    public override async Task WorkAsync(CancellationToken ct)
    {
        var now = Clock.GetUtcNow();
        var (old, yesterday) = (now - Kept, now.AddDays(-1));
        await using var session = store.LightweightSession();
        session.DeleteWhere<OneTimeToken>(t => t.ExpiresAt < old);
        session.DeleteWhere<FormerAddress>(a => a.At < old);
        session.DeleteWhere<MailQuota>(q => q.LastAt < yesterday);
        session.Patch<PersonalData>(p => p.PendingEmailUntil < now).Set(p => p.PendingEmail, null).Set(p => p.PendingEmailUntil, null);
        await session.SaveChangesAsync(ct);
    }
}
