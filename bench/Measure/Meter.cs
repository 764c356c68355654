using System.Globalization;
using Npgsql;

namespace TicMate.Bench.Measure;

/// <summary>What was used up to a moment: CPU of the service and of PostgreSQL in microseconds, statements, bytes of WAL.</summary>
public sealed record Use(long ServiceCpu, long DatabaseCpu, long Statements, long Wal)
{
    public static Use operator -(Use later, Use earlier) => new(
        later.ServiceCpu - earlier.ServiceCpu, later.DatabaseCpu - earlier.DatabaseCpu, later.Statements - earlier.Statements, later.Wal - earlier.Wal);
}

/// <summary>Reads the counters of the kernel (proc(5)) and of PostgreSQL (pg_stat_statements).</summary>
public sealed class Meter(string superuser, params int[] services) : IAsyncDisposable
{
    // Clock ticks of /proc are hundredths of a second on every Linux that .NET runs on.
    private const long Tick = 10_000;

    private readonly NpgsqlDataSource database = NpgsqlDataSource.Create(superuser);
    private int? postmaster;

    public async Task<Use> ReadAsync()
    {
        postmaster ??= await PostmasterAsync();
        await using var command = database.CreateCommand(
            "select (select coalesce(sum(calls), 0)::bigint from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database()) and userid <> (select oid from pg_roles where rolname = current_user)), (pg_current_wal_insert_lsn() - '0/0')::bigint");
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        return new(services.Sum(Cpu), DatabaseCpu(), row.GetInt64(0), row.GetInt64(1));
    }

    /// <summary>Waits until nothing goes on that nobody asked for, such as learning from the tickets that are there.</summary>
    public async Task RestAsync(TimeSpan most)
    {
        var second = TimeSpan.FromSeconds(1);
        for (var (waited, quiet) = (TimeSpan.Zero, 0); waited < most && quiet < 3; waited += second)
        {
            var before = await ReadAsync();
            await Task.Delay(second);
            var used = await ReadAsync() - before;
            quiet = used.ServiceCpu + used.DatabaseCpu < second.TotalMicroseconds / 10 ? quiet + 1 : 0;
        }
    }

    /// <summary>Memory that the services have resident, in bytes.</summary>
    public long Resident() => services.Sum(service => 1024 * long.Parse(
        File.ReadLines($"/proc/{service}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture));

    public ValueTask DisposeAsync() => database.DisposeAsync();

    private async Task<int> PostmasterAsync()
    {
        await using var command = database.CreateCommand("select pg_backend_pid()");
        return int.Parse(Stat((int)(await command.ExecuteScalarAsync())!)![1], CultureInfo.InvariantCulture);
    }

    // The server's processes that are there, and those that it has waited for.
    private long DatabaseCpu() => Directory.EnumerateDirectories("/proc").Select(Path.GetFileName)
        .Where(name => int.TryParse(name, out _)).Select(name => Stat(int.Parse(name!, CultureInfo.InvariantCulture)))
        .Where(stat => stat is not null && stat[1] == postmaster?.ToString(CultureInfo.InvariantCulture)).Sum(stat => Ticks(stat!, 11, 12)) + (Stat(postmaster!.Value) is { } server ? Ticks(server, 11, 14) : 0);

    private static long Cpu(int process) => Stat(process) is { } stat ? Ticks(stat, 11, 12) : 0;

    private static long Ticks(string[] stat, int from, int to) => stat[from..(to + 1)].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)) * Tick;

    // The fields after the program's name, which may hold anything.
    private static string[]? Stat(int process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null; // It has just ended.
        }
    }
}
