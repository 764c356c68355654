using System.Collections.Concurrent;
using System.Diagnostics;
using Marten;
using TicMate.Identity.Contracts;

namespace TicMate.Admin.Audit;

/// <summary>Somebody was shown personal data of others.</summary>
/// <param name="What">As <see cref="RecordsReadAttribute"/> says: <c>users</c>, <c>audit-export</c>.</param>
/// <param name="UserId">Whose, when it was one person's.</param>
/// <param name="Filters">The names of the parameters it was narrowed by; never their values.</param>
public sealed record PersonalDataRead(Guid ReadId, Guid ById, string What, Guid? UserId, string[] Filters);

/// <summary>Records reads. Where from is kept beside the event, as for every other.</summary>
public sealed class ReadLog(IDocumentStore store, TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, byte> recorded = new();
    private long minute;

    /// <summary>Stores the read, unless it is one that this node stored a moment ago. When it cannot, the read must not be answered.</summary>
    public async Task RecordAsync(CurrentUser reader, RecordsReadAttribute read, Guid? userId, string[] filters, CancellationToken ct)
    {
        var key = $"{reader.Id} {reader.ApiKeyId} {read.What} {userId} {string.Join(',', filters)}";
        if (!read.EveryTime && !IsNew(key))
            return;

        try
        {
            var id = Guid.CreateVersion7();
            await using var session = store.LightweightSession();
            session.LastModifiedBy = Actor.NameOf(reader.Id, reader.ApiKeyId);
            session.CorrelationId = Activity.Current?.RootId;
            session.Events.StartStream<PersonalDataRead>(id, new PersonalDataRead(id, reader.Id, read.What, userId, filters));
            await session.SaveChangesAsync(ct);
        }
        catch
        {
            recorded.TryRemove(key, out _);
            throw;
        }
    }

    private bool IsNew(string key)
    {
        var now = clock.GetUtcNow().UtcTicks / TimeSpan.TicksPerMinute;
        if (Interlocked.Exchange(ref minute, now) != now)
            recorded.Clear();

        return recorded.TryAdd(key, 0);
    }
}
