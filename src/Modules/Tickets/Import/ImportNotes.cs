using Marten;
using Npgsql;

namespace TicMate.Tickets.Import;

/// <summary>
/// What a run has to remember of every row, in temporary tables of the database: the file may be longer than memory. They go with the
/// connection.
/// </summary>
public sealed class ImportNotes : IAsyncDisposable
{
    private readonly NpgsqlConnection connection;
    private readonly string tickets;

    private ImportNotes(NpgsqlConnection connection, string tickets) => (this.connection, this.tickets) = (connection, tickets);

    public static async Task<ImportNotes> OpenAsync(IDocumentStore store, CancellationToken ct)
    {
        var notes = new ImportNotes(store.Storage.Database.CreateConnection(), $"{store.Options.DatabaseSchemaName}.mt_doc_ticket");
        await notes.connection.OpenAsync(ct);

        // The session may have served an import before.
        await using var tables = notes.Command(
            """
            create temp table if not exists import_rows (identity text primary key, occurrences int not null);
            create temp table if not exists import_tickets (id uuid not null);
            truncate import_rows, import_tickets
            """);
        await tables.ExecuteNonQueryAsync(ct);
        return notes;
    }

    /// <summary>The rows by key. Equal rows of a file without ids are as many tickets, so they are counted.</summary>
    public async Task<Dictionary<string, ImportRow>> KeysAsync(IReadOnlyList<ImportRow> rows)
    {
        var counts = rows.Where(row => !row.HasId).CountBy(row => row.Identity).ToDictionary();
        await using var count = Command(
            """
            insert into import_rows as r select * from unnest($1, $2)
            on conflict (identity) do update set occurrences = r.occurrences + excluded.occurrences returning identity, occurrences
            """, counts.Keys.ToArray(), counts.Values.ToArray());

        var before = new Dictionary<string, int>();
        await using (var reader = await count.ExecuteReaderAsync())
            while (await reader.ReadAsync())
                before[reader.GetString(0)] = reader.GetInt32(1) - counts[reader.GetString(0)];

        var keyed = new Dictionary<string, ImportRow>(rows.Count);
        foreach (var row in rows)
            keyed.TryAdd(row.KeyAfter(row.HasId ? 0 : before[row.Identity]++), row);

        return keyed;
    }

    public async Task RememberAsync(IReadOnlyCollection<Guid> ticketIds)
    {
        await using var insert = Command("insert into import_tickets select * from unnest($1)", ticketIds.ToArray());
        await insert.ExecuteNonQueryAsync();
    }

    public async Task<TriageProgress> TriagedAsync(CancellationToken ct)
    {
        await using var query = Command(
            $"""
            select count(*), count(t.data ->> 'triagedBy'), count(t.assignee_id) from import_tickets i join {tickets} t using (id)
            where t.data ->> 'triagedBy' is not null or t.data ->> 'status' <> 'completed'
            """);
        await using var reader = await query.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new TriageProgress(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    public async Task<IReadOnlyList<(Guid Person, long Tickets)>> AssignedAsync(CancellationToken ct)
    {
        await using var query = Command(
            $"select t.assignee_id, count(*) from import_tickets i join {tickets} t using (id) where t.assignee_id is not null group by 1 order by 2 desc, 1");
        await using var reader = await query.ExecuteReaderAsync(ct);
        var assigned = new List<(Guid, long)>();
        while (await reader.ReadAsync(ct))
            assigned.Add((reader.GetGuid(0), reader.GetInt64(1)));

        return assigned;
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private NpgsqlCommand Command(string sql, params object[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = value });

        return command;
    }
}
