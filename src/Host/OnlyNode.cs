using Npgsql;

namespace TicMate.Host;

/// <summary>
/// With <c>Nodes=1</c> a process takes every message and every projection for its own, so there must be no other on the database: two of them
/// would count an event twice. A lock proves it. PostgreSQL gives it back when the process ends, however it ends.
/// </summary>
public static class OnlyNode
{
    /// <summary>Waits until a process that is ending has ended, and keeps the next one waiting as long as the connection is open.</summary>
    /// <exception cref="SettingException">Another process goes on serving the database.</exception>
    public static async Task<NpgsqlConnection?> ProveAsync(IConfiguration configuration, TimeSpan patience, ILogger log)
    {
        if (configuration.GetValue("Nodes", 1) != 1)
            return null;

        // Of its own, not the pool's: it is never used again, and must not be taken for an idle one.
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(configuration.GetConnectionString("Database")) { Pooling = false, KeepAlive = 30 }.ConnectionString);
        try
        {
            await connection.OpenAsync();
            var until = DateTimeOffset.UtcNow + patience;
            for (var isFirst = true; !await TakeAsync(connection); isFirst = false)
            {
                if (DateTimeOffset.UtcNow >= until)
                    throw new SettingException("Another process serves this database. Stop it, or tell both in Nodes how many there are.");
                if (isFirst)
                    log.LogInformation("Another process serves this database; this one starts when it has ended");
                await Task.Delay(100);
            }

            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static async Task<bool> TakeAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("select pg_try_advisory_lock(hashtextextended('ticmate only node', 0))", connection);
        return (bool)(await command.ExecuteScalarAsync())!;
    }
}
