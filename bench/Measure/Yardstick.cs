using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace TicMate.Bench.Measure;

/// <summary>What PostgreSQL alone does on this machine, in transactions a second with 16 clients: pgbench's reads (-S) and its writes (-N).</summary>
public sealed record Yardstick(double Reads, double Writes)
{
    private const string Database = "yardstick";

    public static async Task<Yardstick> MeasureAsync(string superuser, TimeSpan time)
    {
        var server = new NpgsqlConnectionStringBuilder(superuser);
        await using (var connection = new NpgsqlConnection(superuser))
        {
            await connection.OpenAsync();
            await using var drop = new NpgsqlCommand($"drop database if exists {Database}", connection);
            await drop.ExecuteNonQueryAsync();
            await using var create = new NpgsqlCommand($"create database {Database}", connection);
            await create.ExecuteNonQueryAsync();
        }

        await PgBench("-i", "-q", "-s", "10");
        return new(await RateAsync("-S"), await RateAsync("-N"));

        async Task<double> RateAsync(string script)
        {
            var output = await PgBench(script, "-c", "16", "-j", "2", "-T", time.TotalSeconds.ToString("0", CultureInfo.InvariantCulture));
            return double.Parse(Regex.Match(output, "tps = ([0-9.]+)").Groups[1].Value, CultureInfo.InvariantCulture);
        }

        Task<string> PgBench(params string[] arguments) =>
            Load.Run("pgbench", ["-h", server.Host!, "-p", server.Port.ToString(CultureInfo.InvariantCulture), "-U", server.Username!, .. arguments, Database]);
    }
}
