using Npgsql;

namespace TicMate.Bench.Measure;

/// <summary>The PostgreSQL of the benchmark, for one who may do anything there.</summary>
public sealed class Server(string superuser)
{
    /// <summary>An empty database of a role of the same name, in place of one that was there.</summary>
    /// <returns>The connection string of that role.</returns>
    public async Task<string> CreateDatabaseAsync(string name)
    {
        await ExecuteAsync(superuser, $"drop database if exists {name} with (force)", $"drop role if exists {name}", $"create role {name} login createdb", $"create database {name} owner {name}");
        await ExecuteAsync(In(name), "create extension pg_stat_statements", "create extension pg_trgm");
        return new NpgsqlConnectionStringBuilder(superuser) { Username = name, Database = name }.ConnectionString;
    }

    /// <summary>The connection string of the superuser in a database.</summary>
    public string In(string database) => new NpgsqlConnectionStringBuilder(superuser) { Database = database }.ConnectionString;

    /// <summary>The first column of the first row.</summary>
    public async Task<T> AskAsync<T>(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(In(database));
        await connection.OpenAsync();
        await using var query = new NpgsqlCommand(sql, connection);
        return (T)(await query.ExecuteScalarAsync())!;
    }

    private static async Task ExecuteAsync(string connectionString, params string[] statements)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        foreach (var statement in statements)
        {
            await using var command = new NpgsqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}
