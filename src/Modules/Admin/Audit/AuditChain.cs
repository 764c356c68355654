using System.Security.Cryptography;
using System.Text.Json;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace TicMate.Admin.Audit;

/// <summary>The newest link of the chain; position 0 before there is any.</summary>
public sealed record ChainHead(long Position, byte[] Hash)
{
    public string Hex => Convert.ToHexStringLower(Hash);
}

/// <summary>
/// Hangs the events of the log on one chain, one after the other, in a numbering of its own. Whoever does it holds a lock, and goes on where
/// the chain ends: however often and wherever it is started, each event gets one link.
/// </summary>
public sealed class AuditChain(IDocumentStore store)
{
    public const int Batch = 500;

    private readonly AuditTables tables = new(store.Options.DatabaseSchemaName);

    /// <summary>The end of the chain, for whoever wants to remember it elsewhere: a backup, for one.</summary>
    public static async Task<ChainHead> HeadAsync(NpgsqlConnection connection, string schema, CancellationToken ct)
    {
        await using var query = new NpgsqlCommand($"select position, hash from {new AuditTables(schema).Chain} order by position desc limit 1", connection);
        await using var row = await query.ExecuteReaderAsync(ct);
        return await row.ReadAsync(ct) ? new(row.GetInt64(0), row.GetFieldValue<byte[]>(1)) : new(0, AuditHash.Origin);
    }

    /// <summary>Chains the log up to a number below which Marten waits for nobody any more.</summary>
    public async Task ExtendAsync(long upTo, CancellationToken ct)
    {
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        while (true)
        {
            await using var transaction = await LockAsync(connection, ct);
            var progress = await ProgressAsync(connection, ct);
            var rows = await RowsAsync(connection, $"e.seq_id > $1 and e.seq_id <= $2 and {NotChained}", ct, progress.ChainedTo, upTo);
            await ChainAsync(connection, rows, isLate: false, ct);

            var isDone = rows.Count < Batch;
            var chainedTo = isDone ? Math.Max(upTo, progress.ChainedTo) : rows[^1].Event.Seq;
            await ExecuteAsync(connection, $"update {tables.Progress} set chained_to = $1", ct, chainedTo);
            await transaction.CommitAsync(ct);
            if (isDone)
                return;
        }
    }

    /// <summary>
    /// Chains what came late: an event has its number before it commits, so the chain may have gone past it. A transaction that took a number
    /// keeps a lock on the sequence until it is over; once all are over that were under way when a fence was put up, what is below the fence
    /// is final, and a row that appears there afterwards was put there by somebody else.
    /// </summary>
    public async Task SweepAsync(CancellationToken ct)
    {
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using var transaction = await LockAsync(connection, ct);
        var progress = await ProgressAsync(connection, ct);
        if (progress.FenceTop is null && progress.FinalTo == progress.ChainedTo)
            return;

        var top = progress.FenceTop ?? progress.ChainedTo;
        var writers = await WritersAsync(connection, ct);
        string[] left = [.. progress.FenceTop is null ? writers : writers.Intersect(progress.FenceWriters)];
        if (left.Length > 0)
        {
            await ExecuteAsync(connection, $"update {tables.Progress} set fence_top = $1, fence_writers = $2", ct, top, left);
            await transaction.CommitAsync(ct);
            return;
        }

        var rows = await RowsAsync(connection, $"e.seq_id > $1 and e.seq_id <= $2 and {NotChained}", ct, progress.FinalTo, top);
        await ChainAsync(connection, rows, isLate: true, ct);
        if (rows.Count < Batch)
            await ExecuteAsync(connection, $"update {tables.Progress} set final_to = $1, fence_top = null, fence_writers = null", ct, top);
        await transaction.CommitAsync(ct);
    }

    private string NotChained => $"not exists (select from {tables.Chain} c where c.event_seq = e.seq_id)";

    private async Task ChainAsync(NpgsqlConnection connection, List<(EventRow Event, string Payload)> rows, bool isLate, CancellationToken ct)
    {
        if (rows.Count == 0)
            return;

        var head = await HeadAsync(connection, store.Options.DatabaseSchemaName, ct);
        var first = head.Position + 1;
        var (salts, payloads, hashes) = (new byte[rows.Count][], new byte[rows.Count][], new byte[rows.Count][]);
        List<(Guid EventId, long By)> redactions = [];
        for (var (n, previous) = (0, head.Hash); n < rows.Count; previous = hashes[n++])
        {
            var (e, payload) = rows[n];
            salts[n] = RandomNumberGenerator.GetBytes(AuditHash.SaltLength);
            payloads[n] = AuditHash.OfPayload(salts[n], payload);
            hashes[n] = AuditHash.Of(previous, first + n, isLate, e, payloads[n]);
            if (AuditTables.RedactionTypes.Contains(e.Type))
                redactions.AddRange(Redacts(payload).Select(id => (id, first + n)));
        }

        long[] positions = [.. rows.Select((_, n) => first + n)];
        await ExecuteAsync(connection,
            $"insert into {tables.Chain} (position, event_seq, event_id, late, payload_hash, hash) select p, s, i, $4, b, h from unnest($1, $2, $3, $5, $6) as t(p, s, i, b, h)", ct,
            positions, rows.Select(r => r.Event.Seq).ToArray(), rows.Select(r => r.Event.Id).ToArray(), isLate, payloads, hashes);
        await ExecuteAsync(connection, $"insert into {tables.Salts} (position, salt) select * from unnest($1, $2)", ct, positions, salts);
        await ExecuteAsync(connection, $"insert into {tables.Redactions} (event_id, by_position) select * from unnest($1, $2) on conflict do nothing", ct,
            redactions.Select(r => r.EventId).ToArray(), redactions.Select(r => r.By).ToArray());

        // What was redacted before now, and what is here only now and was redacted before it came.
        await ExecuteAsync(connection, $"delete from {tables.Salts} s using {tables.Chain} c, {tables.Redactions} r where r.by_position >= $1 and c.event_id = r.event_id and s.position = c.position", ct, first);
        await ExecuteAsync(connection, $"delete from {tables.Salts} s using {tables.Chain} c, {tables.Redactions} r where c.position >= $1 and r.event_id = c.event_id and s.position = c.position", ct, first);
    }

    /// <summary>The events whose words an event says are gone.</summary>
    public static IEnumerable<Guid> Redacts(string payload)
    {
        using var data = JsonDocument.Parse(payload);
        return data.RootElement.TryGetProperty("redacts", out var ids) && ids.ValueKind is JsonValueKind.Array
            ? [.. ids.EnumerateArray().Where(id => id.ValueKind is JsonValueKind.String).Select(id => id.TryGetGuid(out var found) ? found : Guid.Empty)] : [];
    }

    private async Task<List<(EventRow Event, string Payload)>> RowsAsync(NpgsqlConnection connection, string where, CancellationToken ct, params object[] parameters)
    {
        await using var query = Command(connection, $"select {AuditTables.Columns} from {tables.Events} e where {where} order by e.seq_id limit {Batch}", parameters);
        await using var row = await query.ExecuteReaderAsync(ct);
        List<(EventRow, string)> rows = [];
        while (await row.ReadAsync(ct))
            rows.Add((AuditTables.Row(row, 0), row.GetString(11)));

        return rows;
    }

    private static async Task<NpgsqlTransaction> LockAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var transaction = await connection.BeginTransactionAsync(ct);
        await ExecuteAsync(connection, "select pg_advisory_xact_lock(hashtextextended('ticmate audit chain', 0))", ct);
        return transaction;
    }

    private async Task<Progress> ProgressAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await ExecuteAsync(connection, $"insert into {tables.Progress} (id, chained_to, final_to) values (1, 0, 0) on conflict do nothing", ct);
        await using var query = new NpgsqlCommand($"select chained_to, final_to, fence_top, fence_writers from {tables.Progress}", connection);
        await using var row = await query.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        return new(row.GetInt64(0), row.GetInt64(1), row.IsDBNull(2) ? null : row.GetInt64(2), row.IsDBNull(3) ? [] : row.GetFieldValue<string[]>(3));
    }

    // Not the transactions' ids: taking a number does not give a transaction one.
    private async Task<string[]> WritersAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var query = new NpgsqlCommand(
            $"""
            select coalesce(array_agg(distinct virtualtransaction), array[]::text[]) from pg_locks
            where locktype = 'relation' and relation = '{tables.Events}_sequence'::regclass and mode = 'RowExclusiveLock' and granted
              and database = (select oid from pg_database where datname = current_database())
            """, connection);
        return (string[])(await query.ExecuteScalarAsync(ct))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct, params object[] parameters)
    {
        await using var command = Command(connection, sql, parameters);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, object[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter is byte[][] ? new() { Value = parameter, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea } : new() { Value = parameter });

        return command;
    }

    private sealed record Progress(long ChainedTo, long FinalTo, long? FenceTop, string[] FenceWriters);
}
