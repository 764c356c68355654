using Marten;
using Microsoft.Extensions.Caching.Memory;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Profile;

/// <summary>Names, remembered for half a minute: what a reader sees may lag a rename by that long, and a page of tickets costs no look-up.</summary>
public sealed class PeopleCache(IDocumentStore store) : IPeople, IDisposable
{
    public const string Gone = "deleted user";
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(30);
    private readonly MemoryCache names = new(new MemoryCacheOptions { SizeLimit = 50_000 });

    public async ValueTask<IReadOnlyDictionary<Guid, string>> NamesAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        var known = new Dictionary<Guid, string>(ids.Count);
        List<Guid>? unknown = null;
        foreach (var id in ids)
            if (names.TryGetValue(id, out string? name))
                known[id] = name!;
            else
                (unknown ??= []).Add(id);

        if (unknown is null)
            return known;

        await using var session = store.QuerySession();
        var found = await session.LoadManyAsync<PersonalData>(ct, unknown);
        foreach (var id in unknown)
            known[id] = names.Set(id, found.FirstOrDefault(p => p.Id == id)?.Name ?? Gone, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Remembered });

        return known;
    }

    /// <summary>Makes the node that changed a name show the new one at once.</summary>
    public void Forget(Guid id) => names.Remove(id);

    public void Dispose() => names.Dispose();
}
