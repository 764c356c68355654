using System.Text.Json.Nodes;
using JasperFx.Events;
using JasperFx.Events.Aggregation;
using Marten;

namespace TicMate.Admin.Operations.Rebuilding;

/// <summary>
/// Folds stream after stream and compares with the document that is kept of it. A document that differs is looked at again while nobody can
/// append to its stream, and only then written; all others stay untouched.
/// </summary>
public sealed class RebuildSnapshots<T>(DocumentStore store) : IRebuildSnapshots where T : class
{
    private const int Page = 200;

    private readonly string schema = store.Options.DatabaseSchemaName;
    private readonly string table = ((IReadOnlyStoreOptions)store.Options).FindOrResolveDocumentType(typeof(T)).TableName.QualifiedName;
    private readonly string[] told =
        [.. store.Options.Projections.All.OfType<IAggregateProjection>().Single(p => p.AggregateType == typeof(T)).AllEventTypes.Select(type => ((IEventRegistry)store.Options.Events).EventMappingFor(type).EventTypeName)];
    private readonly string alias = ((IEventRegistry)store.Options.Events).AggregateAliasFor(typeof(T));

    public async Task<IReadOnlyList<Parity>> RunAsync(bool acceptDifferences, Func<long, long, Task> progress, CancellationToken ct)
    {
        var parity = new Parity(table.Split('.')[^1], 0, 0, 0, 0, 0);
        long done = 0, total;
        await using (var session = store.QuerySession())
            total = (await session.QueryAsync<long>($"select count(*) from {schema}.mt_streams where type = ?", ct, alias))[0];

        for (Guid? after = Guid.Empty; after is { } last;)
        {
            await using var session = store.QuerySession();
            var ids = await session.QueryAsync<Guid>($"select id from {schema}.mt_streams where type = ? and id > ? order by id limit {Page}", ct, alias, last);
            var kept = await KeptAsync(session, [.. ids], ct);
            foreach (var id in ids)
            {
                var rebuilt = await FoldAsync(session, id, ct);
                parity = parity with
                {
                    Rows = parity.Rows + (kept.ContainsKey(id) ? 1 : 0), Rebuilt = parity.Rebuilt + (rebuilt is null ? 0 : 1),
                };
                if (!AreSame(kept.GetValueOrDefault(id), rebuilt))
                    parity = await LookAgainAsync(id, parity, acceptDifferences, ct);
            }

            after = ids.Count < Page ? null : ids[^1];
            done += ids.Count;
            await progress(done, Math.Max(done, total));
        }

        return [await OrphansAsync(parity, acceptDifferences, ct)];
    }

    private async Task<Parity> LookAgainAsync(Guid id, Parity parity, bool write, CancellationToken ct)
    {
        await using var session = store.LightweightSession();
        await session.Events.FetchForExclusiveWriting<T>(id, ct);
        var kept = (await KeptAsync(session, [id], ct)).GetValueOrDefault(id);
        await using var reading = store.QuerySession();
        var rebuilt = await FoldAsync(reading, id, ct);
        if (AreSame(kept, rebuilt) || AreSame(kept, await FoldAsync(reading, id, ct, await LastToldAsync(reading, id, ct))))
            return parity;

        if (write)
            await store.Advanced.RebuildSingleStreamAsync<T>(id, ct);
        return kept is null ? parity with { Missing = parity.Missing + 1 }
            : rebuilt is null ? parity with { Extra = parity.Extra + 1 }
            : parity with { Changed = parity.Changed + 1 };
    }

    private async Task<Parity> OrphansAsync(Parity parity, bool write, CancellationToken ct)
    {
        var orphans = $"{table} d where not exists (select from {schema}.mt_streams s where s.id = d.id)";
        await using var session = store.LightweightSession();
        var extra = (await session.QueryAsync<long>($"select count(*) from {orphans}", ct))[0];
        if (write && extra > 0)
        {
            session.QueueSqlCommand($"delete from {orphans}");
            await session.SaveChangesAsync(ct);
        }

        return parity with { Rows = parity.Rows + extra, Extra = parity.Extra + extra };
    }

    private async Task<Dictionary<Guid, JsonNode?>> KeptAsync(IQuerySession session, Guid[] ids, CancellationToken ct) =>
        (await session.AdvancedSql.QueryAsync<Guid, string>($"select row(id), row(data::text) from {table} where id = any(?)", ct, (object)ids))
            .ToDictionary(kept => kept.Item1, kept => JsonNode.Parse(kept.Item2));

    // The document has the version of the last event that it is told of; to others it is blind, and a fold of the whole stream is not.
    private async Task<long> LastToldAsync(IQuerySession session, Guid id, CancellationToken ct) => (await session.QueryAsync<long>(
        $"select coalesce(max(version), 0) from {schema}.mt_events where stream_id = ? and type = any(?)", ct, id, told))[0];

    private async Task<JsonNode?> FoldAsync(IQuerySession session, Guid id, CancellationToken ct, long version = 0) =>
        await session.Events.AggregateStreamAsync<T>(id, version, token: ct) is { } rebuilt ? JsonNode.Parse(store.Options.Serializer().ToJson(rebuilt)) : null;

    private static bool AreSame(JsonNode? kept, JsonNode? rebuilt) => JsonNode.DeepEquals(kept, rebuilt);
}

/// <summary>The same for documents whose type is known only when the service runs.</summary>
public interface IRebuildSnapshots
{
    Task<IReadOnlyList<Parity>> RunAsync(bool acceptDifferences, Func<long, long, Task> progress, CancellationToken ct);

    static IRebuildSnapshots Of(DocumentStore store, Type document) =>
        (IRebuildSnapshots)Activator.CreateInstance(typeof(RebuildSnapshots<>).MakeGenericType(document), store)!;
}
