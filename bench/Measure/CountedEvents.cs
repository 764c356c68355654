using Npgsql;
using TicMate.Admin.Dashboard;

namespace TicMate.Bench.Measure;

/// <summary>How far the dashboard's projection has counted the events of a database.</summary>
public sealed class CountedEvents(string superuser) : IAsyncDisposable
{
    private const string Counted = $"(select last_seq_id from ticmate.mt_event_progression where name = '{DashboardProjection.ProjectionName}:All')";

    private readonly NpgsqlDataSource database = NpgsqlDataSource.Create(superuser);

    /// <summary>Whether a ticket was given advice and everything told of it is counted.</summary>
    public async Task<bool> IsTriagedAsync(Guid ticket)
    {
        await using var query = database.CreateCommand($"select coalesce(bool_or(type = 'ticket_triaged') and max(seq_id) <= {Counted}, false) from ticmate.mt_events where stream_id = $1");
        query.Parameters.Add(new() { Value = ticket });
        return (bool)(await query.ExecuteScalarAsync())!;
    }

    /// <summary>The number of the last event.</summary>
    public async Task<long> LastAsync()
    {
        await using var query = database.CreateCommand("select coalesce(max(seq_id), 0) from ticmate.mt_events");
        return (long)(await query.ExecuteScalarAsync())!;
    }

    /// <summary>The number of the last event that is counted, and how many seconds ago the first was told that is not; 0 if there is none.</summary>
    public async Task<(long Counted, double Age)> ReadAsync()
    {
        await using var query = database.CreateCommand(
            $"select counted, coalesce((select extract(epoch from clock_timestamp() - min(timestamp)) from ticmate.mt_events where seq_id > counted), 0)::float8 from {Counted} as p (counted)");
        await using var row = await query.ExecuteReaderAsync();
        return await row.ReadAsync() ? (row.GetInt64(0), row.GetDouble(1)) : throw new BenchException("The dashboard's projection has never run.");
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();
}
