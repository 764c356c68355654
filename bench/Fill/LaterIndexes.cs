using Npgsql;

namespace TicMate.Bench.Fill;

/// <summary>The indexes and references of tables about to grow many times over: made once at the end they cost a part of what they cost row by row.</summary>
public sealed class LaterIndexes(NpgsqlDataSource database)
{
    private static readonly string[] Tables = ["mt_events", "mt_streams", "mt_doc_ticket", "ticket_text", "event_clients", "audit_chain", "ai_proposals", "ai_tickets"];

    private List<(string Drop, string Create)> taken = [];

    public async Task DropAsync(CancellationToken ct)
    {
        taken = await ReadAsync(
            """
            select format('drop index %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
            from pg_index i join pg_class t on t.oid = i.indrelid
            where t.relnamespace = 'ticmate'::regnamespace and t.relname = any($1) and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
            union all
            select format('alter table %s drop constraint %I', conrelid::regclass, conname), format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(c.oid))
            from pg_constraint c join pg_class t on t.oid = c.conrelid
            where t.relnamespace = 'ticmate'::regnamespace and t.relname = any($1) and contype = 'f'
            """, ct);
        foreach (var (drop, _) in taken)
            await database.ExecuteAsync(drop, ct);
    }

    /// <summary>Makes them again, on each processor one after the other; those of one table.</summary>
    public async Task CreateAsync(Func<string, bool> isWanted, CancellationToken ct)
    {
        var now = taken.Where(index => isWanted(index.Create)).ToArray();
        taken = [.. taken.Except(now)];
        await Parallel.ForEachAsync(now, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = ct }, async (index, stop) =>
            await database.ExecuteAsync($"set maintenance_work_mem to '512MB'; set max_parallel_maintenance_workers to 0; {index.Create}; reset all", stop));
    }

    private async Task<List<(string, string)>> ReadAsync(string sql, CancellationToken ct)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = Tables });
        await using var row = await command.ExecuteReaderAsync(ct);
        List<(string, string)> read = [];
        while (await row.ReadAsync(ct))
            read.Add((row.GetString(0), row.GetString(1)));
        return read;
    }
}

public static class Statements
{
    /// <summary>Runs a statement, however long it takes.</summary>
    public static async Task ExecuteAsync(this NpgsqlDataSource database, string sql, CancellationToken ct, params object[] values)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 0;
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(ct);
    }

    public static async Task<long> NumberAsync(this NpgsqlDataSource database, string sql, CancellationToken ct)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 0;
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }
}
