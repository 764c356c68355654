using Npgsql;

namespace TicMate.Bench.Fill;

/// <summary>A database beside another one, gone when it is disposed. The role must be one that may create databases.</summary>
public sealed class ScratchDatabase : IAsyncDisposable
{
    private readonly string beside, name;

    private ScratchDatabase(string beside, string name) => (this.beside, this.name) = (beside, name);

    public string ConnectionString => new NpgsqlConnectionStringBuilder(beside) { Database = name }.ConnectionString;

    public static async Task<ScratchDatabase> CreateAsync(string beside, CancellationToken ct)
    {
        var scratch = new ScratchDatabase(beside, $"ticmate_bench_{Guid.NewGuid():N}");
        await scratch.RunAsync($"create database {scratch.name}", ct);
        return scratch;
    }

    public async ValueTask DisposeAsync() => await RunAsync($"drop database if exists {name} with (force)", CancellationToken.None);

    private async Task RunAsync(string sql, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(beside) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }
}
