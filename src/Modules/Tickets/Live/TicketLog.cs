using Marten;
using Npgsql;

namespace TicMate.Tickets.Live;

/// <summary>A piece of the log: the numbers of all events in it, and what is to be told of tickets.</summary>
/// <param name="IsPartial">There may be more after it.</param>
public sealed record LogPage(IReadOnlyList<long> Numbers, IReadOnlyList<TicketNews> News, bool IsPartial)
{
    public static readonly LogPage Empty = new([], [], false);
}

/// <summary>Reads the event log in its own order.</summary>
public sealed class TicketLog(IDocumentStore store) : IDisposable
{
    /// <summary>Events read at once.</summary>
    public const int Page = 500;

    // Streams that catch up are outside the gate; they must not take the connections of those inside.
    private readonly SemaphoreSlim readers = new(4);
    private readonly string schema = store.Options.DatabaseSchemaName;

    /// <summary>The highest number in the log.</summary>
    public async Task<long> TopAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"select coalesce(max(seq_id), 0) from {schema}.mt_events", connection);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <inheritdoc cref="TopAsync(NpgsqlConnection, CancellationToken)"/>
    public async Task<long> TopAsync(CancellationToken ct)
    {
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        return await TopAsync(connection, ct);
    }

    /// <summary>The transactions that took a number and are not over. Not their ids: taking a number does not give a transaction one.</summary>
    public async Task<IReadOnlyCollection<string>> WritersAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"""
            select distinct virtualtransaction from pg_locks
            where locktype = 'relation' and relation = '{schema}.mt_events_sequence'::regclass and mode = 'RowExclusiveLock' and granted
              and database = (select oid from pg_database where datname = current_database())
            """, connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<string> writers = [];
        while (await reader.ReadAsync(ct))
            writers.Add(reader.GetString(0));

        return writers;
    }

    /// <summary>What comes after a number, with whatever gaps there are.</summary>
    public Task<LogPage> ReadAfterAsync(NpgsqlConnection connection, long after, CancellationToken ct) =>
        ReadAsync(connection, $"left join {schema}.mt_doc_ticket t on t.id = k.ticket_id where e.seq_id > $2", [after], ct);

    /// <summary>What a part of the log that is final tells of tickets: of all, or of one person's.</summary>
    public async Task<IReadOnlyList<TicketNews>> ReadBetweenAsync(long after, long upTo, Guid? ownerId, CancellationToken ct)
    {
        await readers.WaitAsync(ct);
        try
        {
            await using var connection = store.Storage.Database.CreateConnection();
            await connection.OpenAsync(ct);
            var page = await ReadAsync(
                connection,
                $"""
                join {schema}.mt_doc_ticket t on t.id = k.ticket_id
                where e.seq_id > $2 and e.seq_id <= $3 and ($4::uuid is null or t.author_id = $4)
                """, [after, upTo, (object?)ownerId ?? DBNull.Value], ct);
            return page.News;
        }
        finally
        {
            readers.Release();
        }
    }

    // What a person did says who in one of two ways; what nobody did, in neither.
    private async Task<LogPage> ReadAsync(NpgsqlConnection connection, string which, object[] parameters, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"""
            select e.seq_id, e.type, t.id, t.number, case when e.stream_id = t.id then e.version end, e.timestamp,
                   case when t.id is not null then coalesce(e.data ->> 'byId', e.data ->> 'authorId')::uuid end, t.author_id, t.data ->> 'deletedAt' is not null
            from {schema}.mt_events e
            cross join lateral (select case when e.type = any($1) then (e.data ->> 'ticketId')::uuid end as ticket_id) k
            {which} order by e.seq_id limit {Page}
            """, connection);
        command.Parameters.AddWithValue(TicketNews.Aliases);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });

        var (numbers, news) = (new List<long>(), new List<TicketNews>());
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            numbers.Add(reader.GetInt64(0));
            if (!reader.IsDBNull(2))
                news.Add(new TicketNews(
                    reader.GetInt64(0), reader.GetString(1), reader.GetGuid(2), reader.GetInt32(3), reader.IsDBNull(4) ? null : reader.GetInt64(4),
                    reader.GetFieldValue<DateTimeOffset>(5), reader.IsDBNull(6) ? null : reader.GetGuid(6), reader.GetGuid(7), reader.GetBoolean(8)));
        }

        return new LogPage(numbers, news, numbers.Count == Page);
    }

    public void Dispose() => readers.Dispose();
}
