using System.Data;
using Marten;
using Npgsql;

namespace TicMate.Admin.Audit;

/// <summary>
/// Walks along the chain and compares it with the log, a batch at a time. It changes nothing, and sees one moment of the database however
/// long it takes.
/// </summary>
public sealed class AuditVerifier(IDocumentStore store, CheckpointKeys keys)
{
    public const int Batch = 1_000;

    private readonly AuditTables tables = new(store.Options.DatabaseSchemaName);

    /// <param name="from">The first link to check; what is before it is taken as it stands.</param>
    /// <param name="limit">How many links to check at most.</param>
    /// <param name="noted">Checkpoints kept elsewhere.</param>
    /// <param name="progress">Hears of each batch: how many links are checked.</param>
    public async Task<AuditVerdict> VerifyAsync(long from, long limit, IReadOnlyCollection<NotedHead> noted, Action<long>? progress, CancellationToken ct)
    {
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        return await VerifyAsync(connection, from, limit, noted, progress, ct);
    }

    /// <summary>The same, in a transaction that has been begun.</summary>
    public async Task<AuditVerdict> VerifyAsync(
        NpgsqlConnection connection, long from, long limit, IReadOnlyCollection<NotedHead> noted, Action<long>? progress, CancellationToken ct)
    {
        var findings = new AuditFindings();
        var head = await AuditChain.HeadAsync(connection, store.Options.DatabaseSchemaName, ct);
        var (chainedTo, finalTo) = await ProgressAsync(connection, ct);
        var (previous, seq) = await BeforeAsync(connection, from, ct);
        var signed = new SignedHeads(keys, noted);
        var next = from;
        if (previous is null && from <= head.Position)
            findings.Missing(from - 1, null, $"Link {from - 1} of the chain is gone.");
        if (from > head.Position + 1)
            findings.Missing(head.Position + 1, null, $"The chain ends at position {head.Position}, before link {from}.");

        while (next < from + limit)
        {
            var links = await LinksAsync(connection, next, (int)Math.Min(Batch, from + limit - next), ct);
            if (links.Count == 0)
                break;

            foreach (var checkpoint in await CheckpointsAsync(connection, next, links[^1].Position, ct))
                signed.Add(checkpoint);

            var top = seq;
            foreach (var link in links)
            {
                if (link.Position != next)
                {
                    findings.Missing(next, null, $"Links {next} to {link.Position - 1} of the chain are gone.");
                    previous = null;
                }

                await CheckAsync(connection, link, previous, findings, ct);
                signed.Compare(link.Position, link.Hash, findings);
                (previous, next, top) = (link.Hash, link.Position + 1, Math.Max(top, link.Seq));
            }

            await NeverChainedAsync(connection, seq, top, finalTo, findings, ct);
            seq = top;
            progress?.Invoke(findings.Checked);
        }

        var isWhole = next > head.Position;
        if (isWhole)
        {
            await NeverChainedAsync(connection, seq, chainedTo, finalTo, findings, ct);
            await WaitingAsync(connection, Math.Max(seq, chainedTo), findings, ct);
            foreach (var checkpoint in await CheckpointsAsync(connection, Math.Min(next, head.Position + 1), long.MaxValue, ct))
                signed.Add(checkpoint);
            signed.End(head.Position, findings);
        }

        return findings.Verdict(from, isWhole ? null : next, head, signed.Counts);
    }

    private async Task CheckAsync(NpgsqlConnection connection, Link link, byte[]? previous, AuditFindings findings, CancellationToken ct)
    {
        var (position, seq) = (link.Position, link.Seq);
        findings.Checked++;
        if (link.IsLate)
            findings.Late++;

        if (link.Event is not { } e)
        {
            findings.Missing(position, seq, $"Event {seq} is gone from the log.");
            return;
        }

        if (e.Id != link.EventId)
            findings.Tampered(position, seq, $"Another event stands in the place of event {seq}.");
        else if (previous is not null && !AuditHash.Of(previous, position, link.IsLate, e, link.PayloadHash).AsSpan().SequenceEqual(link.Hash))
            findings.Tampered(position, seq, $"Event {seq}, or its link, is not what was chained: who, when, why or in which place was changed.");

        if (link.Salt is { } salt)
        {
            if (AuditHash.OfPayload(salt, link.Payload!).AsSpan().SequenceEqual(link.PayloadHash))
                return;

            // The erasure commits with the change, and is chained a moment later.
            if (await IsAboutToBeRedactedAsync(connection, link.EventId, ct))
                findings.HasPendingRedaction = true;
            else
                findings.Tampered(position, seq, $"What event {seq} says was changed.");
        }
        else if (link.RedactedBy is { } erasure && AuditTables.RedactionTypes.Contains(erasure.Type)
            && AuditHash.OfPayload(erasure.Salt, erasure.Payload).AsSpan().SequenceEqual(erasure.PayloadHash) && AuditChain.Redacts(erasure.Payload).Contains(link.EventId))
            findings.Redacted++;
        else
            findings.Tampered(position, seq, $"The salt of event {seq} is gone, and no erasure says that it should be.");
    }

    // A row below the mark that is final can be nobody's who was still at work.
    private async Task NeverChainedAsync(NpgsqlConnection connection, long after, long upTo, long finalTo, AuditFindings findings, CancellationToken ct)
    {
        await foreach (var (seq, _) in UnchainedAsync(connection, after, upTo, ct))
            if (seq <= finalTo)
                findings.Tampered(null, seq, $"Event {seq} was put into the log behind the chain's back.");
            else
                findings.Waiting++;
    }

    private async Task WaitingAsync(NpgsqlConnection connection, long after, AuditFindings findings, CancellationToken ct)
    {
        await foreach (var (_, age) in UnchainedAsync(connection, after, long.MaxValue, ct))
        {
            findings.Waiting++;
            findings.Lag = age > findings.Lag ? age : findings.Lag;
        }
    }

    private async IAsyncEnumerable<(long Seq, TimeSpan Age)> UnchainedAsync(
        NpgsqlConnection connection, long after, long upTo, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        const int most = 10_000;
        await using var query = Command(connection,
            $"select e.seq_id, now() - e.timestamp from {tables.Events} e where e.seq_id > $1 and e.seq_id <= $2 and not exists (select from {tables.Chain} c where c.event_seq = e.seq_id) order by e.seq_id limit {most}",
            after, upTo);
        await using var row = await query.ExecuteReaderAsync(ct);
        while (await row.ReadAsync(ct))
            yield return (row.GetInt64(0), row.GetTimeSpan(1));
    }

    private async Task<bool> IsAboutToBeRedactedAsync(NpgsqlConnection connection, Guid eventId, CancellationToken ct)
    {
        await using var query = Command(connection,
            $"select exists (select from {tables.Events} e where e.type = any($1) and jsonb_exists(e.data -> 'redacts', $2) and not exists (select from {tables.Chain} c where c.event_seq = e.seq_id))",
            AuditTables.RedactionTypes, eventId.ToString());
        return (bool)(await query.ExecuteScalarAsync(ct))!;
    }

    private async Task<List<Link>> LinksAsync(NpgsqlConnection connection, long from, int limit, CancellationToken ct)
    {
        await using var query = Command(connection,
            $"""
            select c.position, c.event_seq, c.event_id, c.late, c.payload_hash, c.hash, s.salt, {AuditTables.Columns}, by_e.type, by_s.salt, by_e.data::text, by_c.payload_hash
            from (select * from {tables.Chain} where position >= $1 order by position limit $2) c
            left join {tables.Salts} s on s.position = c.position
            left join {tables.Events} e on e.seq_id = c.event_seq
            left join {tables.Redactions} r on s.position is null and r.event_id = c.event_id
            left join {tables.Chain} by_c on by_c.position = r.by_position
            left join {tables.Salts} by_s on by_s.position = r.by_position
            left join {tables.Events} by_e on by_e.id = by_c.event_id and by_e.seq_id = by_c.event_seq
            order by c.position
            """, from, limit);
        await using var row = await query.ExecuteReaderAsync(ct);
        List<Link> links = [];
        while (await row.ReadAsync(ct))
            links.Add(new(
                row.GetInt64(0), row.GetInt64(1), row.GetGuid(2), row.GetBoolean(3), row.GetFieldValue<byte[]>(4), row.GetFieldValue<byte[]>(5))
            {
                Salt = row.IsDBNull(6) ? null : row.GetFieldValue<byte[]>(6),
                Event = row.IsDBNull(7) ? null : AuditTables.Row(row, 7),
                Payload = row.IsDBNull(18) ? null : row.GetString(18),
                RedactedBy = row.IsDBNull(19) || row.IsDBNull(20) ? null : new(row.GetString(19), row.GetFieldValue<byte[]>(20), row.GetString(21), row.GetFieldValue<byte[]>(22)),
            });

        return links;
    }

    private async Task<IReadOnlyList<Checkpoint>> CheckpointsAsync(NpgsqlConnection connection, long from, long to, CancellationToken ct)
    {
        await using var query = Command(connection,
            $"select position, hash, at, key_id, signature from {tables.Checkpoints} where position between $1 and $2 order by position", from, to);
        await using var row = await query.ExecuteReaderAsync(ct);
        List<Checkpoint> found = [];
        while (await row.ReadAsync(ct))
            found.Add(AuditCheckpoints.Read(row));

        return found;
    }

    private async Task<(long ChainedTo, long FinalTo)> ProgressAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var query = Command(connection, $"select chained_to, final_to from {tables.Progress}");
        await using var row = await query.ExecuteReaderAsync(ct);
        return await row.ReadAsync(ct) ? (row.GetInt64(0), row.GetInt64(1)) : (0, 0);
    }

    // The hash to begin with, and how far the log had been chained by then.
    private async Task<(byte[]? Previous, long Seq)> BeforeAsync(NpgsqlConnection connection, long from, CancellationToken ct)
    {
        if (from <= 1)
            return (AuditHash.Origin, 0);

        await using var query = Command(connection,
            $"select (select hash from {tables.Chain} where position = $1), coalesce((select event_seq from {tables.Chain} where position <= $1 and not late order by position desc limit 1), 0)", from - 1);
        await using var row = await query.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        return (row.IsDBNull(0) ? null : row.GetFieldValue<byte[]>(0), row.GetInt64(1));
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params object[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
            command.Parameters.Add(new() { Value = parameter });

        return command;
    }

    private sealed record Link(long Position, long Seq, Guid EventId, bool IsLate, byte[] PayloadHash, byte[] Hash)
    {
        public byte[]? Salt { get; init; }
        public EventRow? Event { get; init; }
        public string? Payload { get; init; }
        public Erasure? RedactedBy { get; init; }
    }

    private sealed record Erasure(string Type, byte[] Salt, string Payload, byte[] PayloadHash);
}
