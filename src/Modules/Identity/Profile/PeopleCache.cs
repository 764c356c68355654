using Marten;
using Microsoft.Extensions.Caching.Memory;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Profile;

/// <summary>Names, remembered for half a minute at most, so that a page of tickets costs no look-up.</summary>
public sealed class PeopleCache(IDocumentStore store, RememberedNames names) : IPeople
{
    public const string Gone = "deleted user";

    public async ValueTask<IReadOnlyDictionary<Guid, string>> NamesAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        var known = new Dictionary<Guid, string>(ids.Count);
        List<Guid>? unknown = null;
        foreach (var id in ids)
            if (names.Find(id) is { } name)
                known[id] = name;
            else
                (unknown ??= []).Add(id);

        if (unknown is null)
            return known;

        await using var session = store.QuerySession();
        var found = await session.LoadManyAsync<PersonalData>(ct, unknown);
        foreach (var id in unknown)
            known[id] = names.Remember(id, found.FirstOrDefault(p => p.Id == id)?.Name ?? Gone);

        return known;
    }
}

/// <summary>The names themselves. Whoever hears that a person changed makes them be read again.</summary>
public sealed class RememberedNames : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private readonly MemoryCache names = new(new MemoryCacheOptions { SizeLimit = 50_000 });

    public string? Find(Guid id) => names.TryGetValue(id, out string? name) ? name : null;

    public string Remember(Guid id, string name) => names.Set(id, name, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Longest });

    public void Forget(Guid id) => names.Remove(id);

    public void Dispose() => names.Dispose();
}
