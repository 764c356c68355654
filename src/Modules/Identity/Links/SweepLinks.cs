using Marten;
using Marten.Patching;
using Microsoft.Extensions.Hosting;
using TicMate.Identity.Profile;

namespace TicMate.Identity.Links;

/// <summary>Forgets every hour what has served its time: links, quotas, former addresses, and new addresses that nobody confirmed.</summary>
public sealed class SweepLinks(IDocumentStore store, TimeProvider clock, ILogger<SweepLinks> log) : BackgroundService
{
    // A mail is tried for two days, and its expired link renewed when it goes out.
    private static readonly TimeSpan Kept = TimeSpan.FromDays(3);

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), clock);
        while (await timer.WaitForNextTickAsync(ct))
            try
            {
                await SweepAsync(ct);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogWarning(e, "Expired links could not be swept; the next hour tries again");
            }
    }

    public async Task SweepAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var (old, yesterday) = (now - Kept, now.AddDays(-1));
        await using var session = store.LightweightSession();
        session.DeleteWhere<OneTimeToken>(t => t.ExpiresAt < old);
        session.DeleteWhere<FormerAddress>(a => a.At < old);
        session.DeleteWhere<MailQuota>(q => q.LastAt < yesterday);
        session.Patch<PersonalData>(p => p.PendingEmailUntil < now).Set(p => p.PendingEmail, null).Set(p => p.PendingEmailUntil, null);
        await session.SaveChangesAsync(ct);
    }
}
