using System.Security.Cryptography;
using Npgsql;
using NpgsqlTypes;
using TicMate.Admin.Audit;

namespace TicMate.Bench.Fill;

/// <summary>Hangs all that was filled in on the audit chain, as the service does, without its small steps.</summary>
public sealed class AuditLinks(NpgsqlDataSource database, string schema)
{
    private readonly AuditTables tables = new(schema);

    public async Task WriteAsync(long after, long last, CancellationToken ct)
    {
        await using var events = await database.OpenConnectionAsync(ct);
        await using var links = await database.OpenConnectionAsync(ct);
        await using var secrets = await database.OpenConnectionAsync(ct);
        var head = await AuditChain.HeadAsync(events, schema, ct);
        await using var query = new NpgsqlCommand($"select {AuditTables.Columns} from {tables.Events} e where e.seq_id > $1 order by e.seq_id", events) { CommandTimeout = 0, Parameters = { new() { Value = after } } };
        await using (var chain = await links.BeginBinaryImportAsync($"copy {tables.Chain} (position, event_seq, event_id, late, payload_hash, hash) from stdin (format binary)", ct))
        await using (var salts = await secrets.BeginBinaryImportAsync($"copy {tables.Salts} (position, salt) from stdin (format binary)", ct))
        await using (var row = await query.ExecuteReaderAsync(ct))
        {
            for (var (position, previous) = (head.Position + 1, head.Hash); await row.ReadAsync(ct); position++)
            {
                var e = AuditTables.Row(row, 0);
                var salt = RandomNumberGenerator.GetBytes(AuditHash.SaltLength);
                var payload = AuditHash.OfPayload(salt, row.GetString(11));
                previous = AuditHash.Of(previous, position, false, e, payload);
                chain.StartRow();
                chain.Write(position, NpgsqlDbType.Bigint);
                chain.Write(e.Seq, NpgsqlDbType.Bigint);
                chain.Write(e.Id, NpgsqlDbType.Uuid);
                chain.Write(false, NpgsqlDbType.Boolean);
                chain.Write(payload, NpgsqlDbType.Bytea);
                chain.Write(previous, NpgsqlDbType.Bytea);
                salts.StartRow();
                salts.Write(position, NpgsqlDbType.Bigint);
                salts.Write(salt, NpgsqlDbType.Bytea);
            }

            await chain.CompleteAsync(ct);
            await salts.CompleteAsync(ct);
        }

        await database.ExecuteAsync(
            $"insert into {tables.Progress} (id, chained_to, final_to) values (1, $1, $1) on conflict (id) do update set chained_to = $1, final_to = $1, fence_top = null, fence_writers = null", ct, last);
    }
}
