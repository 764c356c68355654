using System.Text.Json;
using JasperFx;
using Marten;
using Npgsql;
using TicMate.Admin.Operations.Rebuilding;
using TicMate.Identity.Contracts;
using Wolverine.Runtime;
using Wolverine.Util;

namespace TicMate.Admin.Operations;

/// <param name="Queue">Where messages wait.</param>
/// <param name="Incoming">Taken in, and not yet handled.</param>
/// <param name="Scheduled">To be handled later: the first time or again.</param>
/// <param name="Outgoing">On their way to another node.</param>
/// <param name="Handled">Handled within the last minutes; kept so long to know them if they come twice.</param>
public sealed record QueueBacklog(string Queue, long Incoming, long Scheduled, DateTimeOffset? NextDue, long Outgoing, long Handled);

/// <param name="Waiting">Not yet asked to be tried again.</param>
public sealed record DeadLetterCount(string MessageType, long Count, long Waiting);

/// <param name="Name">The projection or subscription, as its progress is stored.</param>
/// <param name="State">running, or stopped, on this node; elsewhere when another node is to run it.</param>
/// <param name="Skipped">Events that it could not take and passed over.</param>
public sealed record ProjectionLag(string Name, long Sequence, long Head, long Lag, string State, long Skipped);

/// <summary>What waits, in numbers.</summary>
/// <param name="Mails">How many of the waiting messages each send a mail.</param>
public sealed record Backlog(IReadOnlyList<QueueBacklog> Queues, IReadOnlyList<DeadLetterCount> DeadLetters, IReadOnlyList<ProjectionLag> Projections, long Mails);

/// <summary>Counts what waits. At most <see cref="MostCounted"/> rows of a table are looked at, so that a long queue is not made longer by counting it.</summary>
public sealed class Backlogs(IDocumentStore store, IWolverineRuntime runtime)
{
    public const int MostCounted = 100_000;

    private static readonly string[] MailTypes = [.. ISendsMail.All.Select(type => type.ToMessageTypeName())];

    private readonly string schema = ((StoreOptions)store.Options).DatabaseSchemaName;
    private readonly string[] shards = [.. ReadModel.Of((StoreOptions)store.Options).Select(model => model.Shard).OfType<string>()];

    private sealed record Row(string? Name, long A, long B, long C, DateTimeOffset? Due);

    public async Task<Backlog> ReadAsync(CancellationToken ct)
    {
        var incoming = await ReadAsync(
            $"""
            select received_at, count(*) filter (where status = 'Incoming'), count(*) filter (where status = 'Scheduled'), count(*) filter (where status = 'Handled'),
                min(execution_time) filter (where status = 'Scheduled')
            from (select received_at, status, execution_time from wolverine.wolverine_incoming_envelopes limit {MostCounted}) e group by received_at
            """, ct);
        var outgoing = await ReadAsync($"select destination, count(*), 0::bigint, 0::bigint, null::timestamptz from (select destination from wolverine.wolverine_outgoing_envelopes limit {MostCounted}) e group by destination", ct);
        var dead = await ReadAsync(
            $"select message_type, count(*), count(*) filter (where not replayable), 0::bigint, null::timestamptz from (select message_type, replayable from wolverine.wolverine_dead_letters limit {MostCounted}) d group by message_type", ct);
        var mails = await ReadAsync(
            $"select null::text, count(*), 0::bigint, 0::bigint, null::timestamptz from (select 1 from wolverine.wolverine_incoming_envelopes where status <> 'Handled' and message_type = any($1) limit {MostCounted}) e", ct, (object)MailTypes);

        var queues = incoming.Select(q => new QueueBacklog(q.Name ?? "", q.A, q.B, q.Due, 0, q.C)).Concat(outgoing.Select(q => new QueueBacklog(q.Name ?? "", 0, 0, null, q.A, 0)));
        return new(
            [.. queues.OrderBy(q => q.Queue, StringComparer.Ordinal)], [.. dead.Select(d => new DeadLetterCount(d.Name!, d.A, d.B)).OrderBy(d => d.MessageType, StringComparer.Ordinal)],
            (await ReadLagsAsync(ct)).Lags, mails[0].A);
    }

    /// <summary>Since when the message waits that could have been handled the longest; null when none does.</summary>
    public async Task<DateTimeOffset?> OldestWaitingAsync(CancellationToken ct)
    {
        var row = (await ReadAsync(
            $"""
            select (select id::text from (select id from wolverine.wolverine_incoming_envelopes where status = 'Incoming' limit {MostCounted}) e order by id limit 1), 0::bigint, 0::bigint, 0::bigint,
                (select execution_time from wolverine.wolverine_incoming_envelopes where status = 'Scheduled' and execution_time < now() order by execution_time limit 1)
            """, ct))[0];
        var incoming = row.Name is { } id ? WatchBacklog.MadeAt(Guid.Parse(id)) : null;
        return incoming < row.Due || row.Due is null ? incoming : row.Due;
    }

    /// <summary>How far projections and subscriptions are behind the events.</summary>
    public async Task<(long Head, IReadOnlyList<ProjectionLag> Lags)> ReadLagsAsync(CancellationToken ct)
    {
        var head = (await ReadAsync($"select null::text, coalesce(max(seq_id), 0), 0::bigint, 0::bigint, null::timestamptz from {schema}.mt_events", ct))[0].A;
        var rows = await ReadAsync($"select name, coalesce(last_seq_id, 0), 0::bigint, 0::bigint, null::timestamptz from {schema}.mt_event_progression where name not like 'HighWater%' limit 1000", ct);
        var skipped = (await ReadAsync(
            $"select data ->> 'projectionName', count(*), 0::bigint, 0::bigint, null::timestamptz from (select data from {schema}.mt_doc_deadletterevent limit {MostCounted}) d group by 1", ct)).ToDictionary(s => s.Name ?? "", s => s.A);
        var states = WatchProjections.OnThisNode(runtime).ToDictionary(a => a.Uri.AbsolutePath, a => a.Agent.Status is AgentStatus.Running ? "running" : "stopped", StringComparer.OrdinalIgnoreCase);

        return (head, [.. rows.Concat(shards.Where(shard => rows.All(row => row.Name != shard)).Select(shard => new Row(shard, 0, 0, 0, null))).OrderBy(row => row.Name, StringComparer.Ordinal)
            .Select(row => new ProjectionLag(row.Name!, row.A, head, Math.Max(0, head - row.A), StateOf(row.Name!), skipped.GetValueOrDefault(row.Name!.Split(':')[0])))]);

        // An agent's address ends with the name: .../advicequality/all.
        string StateOf(string name) =>
            states.FirstOrDefault(state => state.Key.EndsWith($"/{name.Replace(':', '/')}", StringComparison.OrdinalIgnoreCase)).Value ?? "elsewhere";
    }

    private async Task<IReadOnlyList<Row>> ReadAsync(string sql, CancellationToken ct, params object[] values)
    {
        await using var connection = ((DocumentStore)store).Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 5 };
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });

        List<Row> rows = [];
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            rows.Add(new(reader.IsDBNull(0) ? null : reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.IsDBNull(4) ? null : reader.GetFieldValue<DateTimeOffset>(4)));
        return rows;
    }
}
