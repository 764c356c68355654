using System.CommandLine;
using System.Diagnostics;
using System.Reflection;
using Npgsql;

namespace TicMate.Host;

/// <summary>Copies the database into one file, beside a running service or without one.</summary>
public sealed class BackupCommand : IOwnCommand
{
    private readonly Argument<string> file = new("file") { Description = "Where the backup goes; what is there is replaced once the new one is complete." };

    public BackupCommand() => Syntax = new Command("backup", "Copy the whole database into one file, with a manifest that restore checks.") { file };

    public Command Syntax { get; }

    public async Task<int?> BeforeHostAsync(IConfiguration configuration, ParseResult given, CancellationToken ct)
    {
        var (target, clock) = (Path.GetFullPath(given.GetValue(file)!), Stopwatch.StartNew());
        var manifest = await WriteAsync(configuration.GetConnectionString("Database")!, target, ct);
        Console.WriteLine(FormattableString.Invariant(
            $"{target}: {manifest.Contents.Events} events, {manifest.Contents.Tickets} tickets, {manifest.Contents.Users} users, {new FileInfo(target).Length / 1e6:0.0} MB, {clock.Elapsed.TotalSeconds:0.0} s."));
        return 0;
    }

    /// <summary>The counts and the dump are of the same moment: both see one snapshot.</summary>
    public static async Task<Manifest> WriteAsync(string connectionString, string file, CancellationToken ct)
    {
        var named = new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 0, Pooling = false };
        await using var database = new NpgsqlConnection(named.ConnectionString);
        await database.OpenAsync(ct);
        await using var snapshot = await database.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, ct);
        var name = (string)(await ScalarAsync(database, "select pg_export_snapshot()", ct))!;
        var extensions = (string[])(await ScalarAsync(database, "select coalesce(array_agg(extname::text), '{}') from pg_extension where extname in ('pg_trgm', 'vector')", ct))!;
        var major = database.PostgreSqlVersion.Major;
        var program = await PostgresClients.FindAsync("pg_dump", major);
        var (at, contents) = (DateTimeOffset.UtcNow, await Contents.ReadAsync(database, ct));

        string[] arguments =
        [
            "--format=custom", "--no-password", $"--snapshot={name}", "--schema=ticmate", "--schema=wolverine", .. extensions.Select(extension => $"--extension={extension}"),
        ];
        return await BackupFile.WriteAsync(file, async stream =>
        {
            using var dump = PostgresClients.Start(program.Path, named, arguments);
            try
            {
                dump.StandardInput.Close();
                var errors = dump.StandardError.ReadToEndAsync(ct);
                await dump.StandardOutput.BaseStream.CopyToAsync(stream, ct);
                await dump.WaitForExitAsync(ct);
                return dump.ExitCode == 0 ? new Manifest(BackupFile.Format, Version, major, program.Major, at, "", contents)
                    : throw new CommandException(CommandException.Unavailable, $"pg_dump failed: {PostgresClients.FirstError(await errors)}");
            }
            finally
            {
                if (!dump.HasExited)
                    dump.Kill();
            }
        }, ct);
    }

    public static string Version => typeof(BackupCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private static async Task<object?> ScalarAsync(NpgsqlConnection database, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, database);
        return await command.ExecuteScalarAsync(ct);
    }
}
