using System.Diagnostics;
using System.Globalization;
using Npgsql;
using TicMate.Bench.Fill;

namespace TicMate.Bench.Measure;

/// <summary>What to measure, and with what.</summary>
/// <param name="Superuser">The server, as one who may do anything there.</param>
/// <param name="App">The folder of the published service.</param>
/// <param name="Only">Names of operations and of figures; null for all.</param>
/// <param name="IsSmoke">Asserts how many statements a request is, and looks at no time.</param>
public sealed record Order(string Superuser, string App, string Output, int Size, int Users, string? Texts, int Seed, int[] Connections, TimeSpan Time, string[]? Only, bool IsSmoke)
{
    public bool Wants(string name) => Only is null || Only.Contains(name);
}

/// <summary>Fills a database, loads the published service, and writes what it saw as a table.</summary>
public sealed class Benchmark(Order order)
{
    // Until the code that runs most has been compiled for good.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(6);

    private readonly List<string> lines = [];
    private readonly string log = Path.Combine(order.Output, "service.log");

    /// <summary>Runs all that was ordered. False if a smoke run counted other statements than there should be.</summary>
    public async Task<bool> RunAsync(CancellationToken ct)
    {
        Directory.CreateDirectory(order.Output);
        var database = await CreateDatabaseAsync("ticmate");
        await WriteSettingsAsync(ct);

        var clock = Stopwatch.StartNew();
        await new FillDatabase(database, order.Size, order.Users, order.Texts, order.Seed).RunAsync(ct);
        Write($"Filled with {order.Size:N0} tickets of {order.Users:N0} people in {clock.Elapsed.TotalSeconds:0} s.");

        World world;
        await using (var service = new Service(database, isAtWork: false))
            world = await World.SignInAsync(service, ct);

        var yardstick = await Yardstick.MeasureAsync(order.Superuser, order.Time);
        Write($"pgbench -S {yardstick.Reads:0}, pgbench -N {yardstick.Writes:0} transactions a second, 16 clients.");

        await using var mail = new MailSink();
        await using var process = await ServiceProcess.StartAsync(order.App, database, mail.Port, log);
        await using var meter = new Meter(InDatabase("ticmate"), () => process.Id);
        await meter.RestAsync(TimeSpan.FromMinutes(2));
        var isRight = true;
        Write("", Measurement.Header);
        foreach (var operation in Operation.All.Where(operation => order.Wants(operation.Name)))
        {
            var calls = operation.Calls(world).ToArray();
            await Load.RunAsync(process.Address, calls, 16, order.IsSmoke ? TimeSpan.FromSeconds(1) : WarmUp);
            foreach (var connections in order.Connections)
            {
                var before = await meter.ReadAsync();
                var load = await Load.RunAsync(process.Address, calls, connections, order.Time);
                var measured = new Measurement(operation, connections, load, await meter.ReadAsync() - before, yardstick);
                Write(measured.Row);
                if (order.IsSmoke && operation.IsRead)
                    isRight &= IsAsManyAs(operation, measured);
            }
        }

        await File.WriteAllLinesAsync(Path.Combine(order.Output, "table.md"), lines, ct);
        return isRight;
    }

    // What runs in the background adds a little, and never one for each request.
    private bool IsAsManyAs(Operation operation, Measurement measured)
    {
        var each = (double)measured.Use.Statements / measured.Load.Requests;
        if (Math.Round(each) == operation.Statements)
            return true;

        Write(string.Create(CultureInfo.InvariantCulture, $"{operation.Name} is {each:0.00} statements a request and should be {operation.Statements}."));
        return false;
    }

    private async Task<string> CreateDatabaseAsync(string name)
    {
        await ExecuteAsync(order.Superuser, $"drop database if exists {name}", $"drop role if exists {name}", $"create role {name} login createdb", $"create database {name} owner {name}");
        await ExecuteAsync(InDatabase(name), "create extension pg_stat_statements", "create extension pg_trgm");
        return new NpgsqlConnectionStringBuilder(order.Superuser) { Username = name, Database = name }.ConnectionString;
    }

    private string InDatabase(string name) => new NpgsqlConnectionStringBuilder(order.Superuser) { Database = name }.ConnectionString;

    private async Task WriteSettingsAsync(CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(order.Superuser);
        await connection.OpenAsync(ct);
        await using var query = new NpgsqlCommand(
            "select string_agg(name || ' = ' || current_setting(name), ', ' order by name) from pg_settings where name in ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_wal_size', 'wal_compression', 'jit')", connection);
        Write($"{Environment.ProcessorCount} cores, .NET {Environment.Version}, PostgreSQL: {await query.ExecuteScalarAsync(ct)}.");
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

    private void Write(params string[] text)
    {
        foreach (var line in text)
        {
            lines.Add(line);
            Console.WriteLine(line);
        }
    }
}
