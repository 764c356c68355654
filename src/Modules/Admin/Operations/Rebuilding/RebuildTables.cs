using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using Marten.Events;
using Marten.Events.Projections;
using Marten.Services;
using Npgsql;
using TicMate.Identity.Contracts;
using Weasel.Postgresql.Tables;

namespace TicMate.Admin.Operations.Rebuilding;

/// <summary>
/// Builds the tables of a projection a second time, beside those that are read, and then writes what differs. Readers see the old rows until
/// the commit. Whoever writes to the old ones waits for the comparison: the daemon at the row that holds its progress, commands at the tables.
/// </summary>
public sealed class RebuildTables(DocumentStore store, ReadModel model)
{
    private const int Batch = 500, MostTries = 10;

    private readonly string schema = store.Options.DatabaseSchemaName;
    private readonly EventProjection copy = ((IBuildsBeside)model.Projection!).Beside(ReadModel.ScratchOf(store.Options.DatabaseSchemaName));
    private readonly Type[] types = [.. model.Projection!.IncludedEventTypes];
    private long done;

    public async Task<IReadOnlyList<Parity>> RunAsync(bool acceptDifferences, Func<long, long, Task> progress, CancellationToken ct)
    {
        await ClearAsync(ct);
        for (var limit = await LimitAsync(ct); done < limit; limit = await LimitAsync(ct))
            while (done < limit)
            {
                await using (var session = store.LightweightSession())
                    await ApplyAsync(session, limit, ct);
                await progress(done, limit);
            }

        var parity = await SwitchAsync(acceptDifferences, ct);
        await progress(done, done);
        await ClearAsync(ct);
        return parity;
    }

    // Up to there nothing can come in between any more: where the projection itself has come to, or where the daemon has seen everything.
    private async Task<long> LimitAsync(CancellationToken ct)
    {
        await using var session = store.QuerySession();
        return (await session.QueryAsync<long>($"select coalesce(max(last_seq_id), 0) from {schema}.mt_event_progression where name = ?", ct, model.Shard ?? "HighWaterMark"))[0];
    }

    private async Task ApplyAsync(IDocumentSession session, long limit, CancellationToken ct)
    {
        var query = session.Events.QueryAllRawEvents().Where(e => e.Sequence > done && e.Sequence <= limit);
        if (types.Length > 0)
            query = query.Where(e => e.EventTypesAre(types));

        var events = await query.OrderBy(e => e.Sequence).Take(Batch).ToListAsync(ct);
        await ((IJasperFxProjection<IDocumentOperations>)copy).ApplyAsync(session, events, ct);
        await session.SaveChangesAsync(ct);
        done = events.Count < Batch ? limit : events[^1].Sequence;
    }

    private async Task<IReadOnlyList<Parity>> SwitchAsync(bool acceptDifferences, CancellationToken ct)
    {
        var from = done;
        for (var tries = 1; ; tries++)
            try
            {
                return await TrySwitchAsync(acceptDifferences, ct);
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected && tries < MostTries)
            {
                done = from;
            }
    }

    private async Task<IReadOnlyList<Parity>> TrySwitchAsync(bool acceptDifferences, CancellationToken ct)
    {
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await RunAsync("set local lock_timeout = '3s'");
        var limit = model.Shard is { } shard ? await HoldDaemonAsync(shard) : await HoldWritersAsync();

        // An inline projection writes with the event: what is seen now has written, and what is not seen waits for the lock.
        var mark = done;
        await using (var session = store.LightweightSession(SessionOptions.ForTransaction(transaction)))
            do
                await ApplyAsync(session, limit, ct);
            while (done < limit);
        done = limit == long.MaxValue ? mark : limit;

        List<Parity> parity = [];
        foreach (var table in model.Tables)
        {
            var compared = new ComparedTable(table, ReadModel.ScratchOf(schema), ((IBuildsBeside)model.Projection!).NotFromEvents);
            await using (var command = new NpgsqlCommand(compared.Compare, connection, transaction) { CommandTimeout = 0 })
            await using (var row = await command.ExecuteReaderAsync(ct))
            {
                await row.ReadAsync(ct);
                parity.Add(new(table.Identifier.Name, row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4)));
            }

            if (acceptDifferences && parity[^1].Differences > 0)
                await RunAsync(compared.TakeOver);
        }

        await transaction.CommitAsync(ct);
        return parity;

        async Task<long> HoldDaemonAsync(string name)
        {
            await using var command = new NpgsqlCommand($"select last_seq_id from {schema}.mt_event_progression where name = $1 for update", connection, transaction)
            {
                Parameters = { new() { Value = name } },
            };
            return await command.ExecuteScalarAsync(ct) as long? ?? throw new InvalidOperationException("The projection has not begun yet.");
        }

        async Task<long> HoldWritersAsync()
        {
            await RunAsync($"lock table {string.Join(", ", model.Tables.Select(table => table.Identifier.QualifiedName))} in share row exclusive mode");
            return long.MaxValue;
        }

        async Task RunAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection, transaction) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync(ct);
        }
    }

    private async Task ClearAsync(CancellationToken ct)
    {
        await using var session = store.LightweightSession();
        foreach (var table in copy.SchemaObjects.OfType<Table>())
            session.QueueSqlCommand($"delete from {table.Identifier.QualifiedName}");
        await session.SaveChangesAsync(ct);
    }
}

/// <summary>A table in use and the same one in another schema, in SQL. Rows are the same when their keys are.</summary>
public sealed class ComparedTable(Table table, string other, IReadOnlyCollection<string> notFromEvents)
{
    private readonly string[] keys = [.. table.PrimaryKeyColumns];
    private readonly string[] values = [.. table.Columns.Select(column => column.Name).Except(table.PrimaryKeyColumns).Except(notFromEvents)];
    private readonly string live = table.Identifier.QualifiedName, rebuilt = $"{other}.{table.Identifier.Name}";

    /// <summary>One row: live, rebuilt, missing, extra, changed.</summary>
    public string Compare =>
        $"""
        select count(l.{keys[0]}), count(r.{keys[0]}), count(*) filter (where l.{keys[0]} is null), count(*) filter (where r.{keys[0]} is null),
            count(*) filter (where l.{keys[0]} is not null and r.{keys[0]} is not null and {Differ("l", "r")})
        from {live} l full join {rebuilt} r on {Join("l", "r")}
        """;

    /// <summary>Makes the table in use what the other one is, and touches no row that is the same.</summary>
    public string TakeOver =>
        $"""
        delete from {live} l where not exists (select from {rebuilt} r where {Join("l", "r")});
        insert into {live} as l ({List(keys.Concat(values))}) select {List(keys.Concat(values))} from {rebuilt} r
            where not exists (select from {live} l where {Join("l", "r")} and not ({Differ("l", "r")}))
        on conflict ({List(keys)}) do {(values.Length == 0 ? "nothing" : $"update set {List(values.Select(column => $"{column} = excluded.{column}"))}")};
        """;

    private string Join(string one, string two) => string.Join(" and ", keys.Select(key => $"{one}.{key} = {two}.{key}"));

    private string Differ(string one, string two) =>
        values.Length == 0 ? "false" : string.Join(" or ", values.Select(column => $"{one}.{column} is distinct from {two}.{column}"));

    private static string List(IEnumerable<string> parts) => string.Join(", ", parts);
}
