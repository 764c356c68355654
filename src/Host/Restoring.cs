using System.Globalization;
using Npgsql;

namespace TicMate.Host;

/// <summary>
/// The mark of a database into which a backup is being restored: a schema whose comment says since when. It is there before the first row of the
/// backup and goes after the last check, and no service starts on it.
/// </summary>
public static class Restoring
{
    private const string Schema = "ticmate_restore";

    /// <exception cref="SettingException">A restore into this database has not come to its end.</exception>
    public static async Task RefuseAsync(string connectionString, CancellationToken ct)
    {
        await using var database = await OpenAsync(connectionString, ct);
        await using var query = new NpgsqlCommand($"select coalesce(obj_description(to_regnamespace('{Schema}')::oid, 'pg_namespace'), 'unknown') where to_regnamespace('{Schema}') is not null", database);
        if (await query.ExecuteScalarAsync(ct) is string since)
            throw new SettingException($"A restore into this database, begun {since}, has not come to its end: what is in it is incomplete. Run restore again with --force, or use another database.");
    }

    public static Task BeginAsync(string connectionString, DateTimeOffset now, CancellationToken ct) =>
        RunAsync(connectionString, $"create schema if not exists {Schema}; comment on schema {Schema} is '{now.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)}'", ct);

    public static Task EndAsync(string connectionString, CancellationToken ct) => RunAsync(connectionString, $"drop schema {Schema}", ct);

    /// <summary>One transaction.</summary>
    public static async Task RunAsync(string connectionString, string sql, CancellationToken ct)
    {
        await using var database = await OpenAsync(connectionString, ct);
        await using var command = new NpgsqlCommand(sql, database) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(ct);
    }

    public static async Task<NpgsqlConnection> OpenAsync(string connectionString, CancellationToken ct)
    {
        var database = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        try
        {
            await database.OpenAsync(ct);
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }
}
