using Marten;
using Npgsql;
using TicMate.Tickets.Assignment;
using TicMate.Tickets.Searching;

namespace TicMate.Bench.Fill;

/// <summary>The tables that the service keeps up with each event, each by one statement over what was filled in.</summary>
public sealed class ReadModels(DocumentStore store, NpgsqlDataSource database)
{
    private readonly string schema = store.Options.DatabaseSchemaName;

    /// <summary>The words of each ticket, on each processor a part of the table.</summary>
    public async Task WriteTextAsync(CancellationToken ct)
    {
        var pages = await database.NumberAsync($"select pg_relation_size('{schema}.mt_doc_ticket') / 8192", ct);
        var parts = Environment.ProcessorCount;
        await Task.WhenAll(Enumerable.Range(0, parts).Select(part => database.ExecuteAsync(
            $"""
            insert into {schema}.{SearchText.Table} (ticket_id, words, created_at, number)
            select id, {schema}.ticket_words(data), created_at, number from {schema}.mt_doc_ticket where ctid >= '({pages * part / parts},0)' and ctid < '({pages * (part + 1) / parts},0)'
            on conflict do nothing
            """, ct)));
    }

    /// <summary>Who has how much to do: what assignments and completions add and take away.</summary>
    public Task WriteWorkloadAsync(long after, CancellationToken ct) => database.ExecuteAsync(
        $"""
        insert into {schema}.{WorkloadProjection.Table} as w (person_id, open_tickets, last_assigned_at)
        select person::uuid, sum(change), max(at) from (
            select data ->> 'assigneeId' as person, (data ->> 'isOpen')::boolean::int as change, timestamp as at from {schema}.mt_events where seq_id > $1 and type = 'ticket_assigned'
            union all select data ->> 'previousId', -(data ->> 'isOpen')::boolean::int, null from {schema}.mt_events where seq_id > $1 and type = 'ticket_assigned'
            union all select data ->> 'assigneeId', (data ->> 'from' = 'completed')::int - (data ->> 'to' = 'completed')::int, null
                from {schema}.mt_events where seq_id > $1 and type = 'ticket_status_changed') changes
        where person is not null group by person having max(at) is not null
        on conflict (person_id) do update set open_tickets = w.open_tickets + excluded.open_tickets, last_assigned_at = greatest(w.last_assigned_at, excluded.last_assigned_at)
        """, ct, after);

    /// <summary>What runs behind the events has seen them all.</summary>
    public async Task WriteProgressAsync(long last, CancellationToken ct)
    {
        foreach (var shard in store.Options.Projections.AllShards().Select(shard => shard.Name.Identity).Append("HighWaterMark"))
            await database.ExecuteAsync(
                $"insert into {schema}.mt_event_progression (name, last_seq_id) values ($1, $2) on conflict (name) do update set last_seq_id = excluded.last_seq_id, last_updated = transaction_timestamp()",
                ct, shard, last);
    }

    /// <summary>How far behind what runs behind the events is: it must have nothing to do before tables are filled for it.</summary>
    public Task<long> BehindAsync(CancellationToken ct) => database.NumberAsync(
        $"""
        select coalesce(max(seq_id), 0) - least(coalesce(max(seq_id), 0), (select coalesce(min(last_seq_id), 0) from {schema}.mt_event_progression
            where name in ({string.Join(", ", store.Options.Projections.AllShards().Select(shard => $"'{shard.Name.Identity}'"))}))) from {schema}.mt_events
        """, ct);
}
