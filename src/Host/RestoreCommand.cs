using System.CommandLine;
using System.Diagnostics;
using Npgsql;
using TicMate.Identity.Contracts;

namespace TicMate.Host;

/// <summary>
/// Makes a database of a backup: checks the file, fills the database, compares it with the manifest, holds mails and model calls, and erases
/// again what was erased since. Until all of that is done, no service starts on it.
/// </summary>
public sealed class RestoreCommand : IOwnCommand
{
    public const string Name = "restore";

    private readonly Argument<string> file = new("file") { Description = "A file that backup has written." };
    private readonly Option<bool> force = new("--force") { Description = "Remove the tickets and accounts that are in the database now." };
    private readonly Option<string[]> ledgers = new("--ledger")
    {
        Description = "Ledgers of erasures, beside the one in Erasure:LedgerFile: those of other nodes, or that of the machine that is gone.", HelpName = "FILE", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = true,
    };

    private Manifest? restored;
    private IReadOnlyCollection<Erasure> erasures = [];

    public RestoreCommand() => Syntax = new Command(Name, "Make the database of a backup. Mails and model calls that waited in it are held until resume.") { file, force, ledgers };

    public Command Syntax { get; }

    public async Task<int?> BeforeHostAsync(IConfiguration configuration, ParseResult given, CancellationToken ct)
    {
        // Read before anything is changed: a ledger that is missing is found out in time.
        erasures = ErasureLedger.Read([.. given.GetValue(ledgers) ?? [], .. ErasureLedger.FileOf(configuration) is { } own && File.Exists(own) ? [own] : Array.Empty<string>()]);
        restored = await RestoreAsync(configuration.GetConnectionString("Database")!, given.GetValue(file)!, given.GetValue(force), ct);
        return null;
    }

    /// <summary>A backup of an older version is brought up to this one, and the service's role let in.</summary>
    public Task BeforeStartAsync(WebApplication app) => Migrate.RunAsync(app);

    public async Task<int> RunAsync(WebApplication app, ParseResult given, CancellationToken ct)
    {
        var again = await RepeatErasures.RunAsync(app.Services, erasures, ct);
        await Restoring.EndAsync(app.Configuration.GetConnectionString("Database")!, ct);
        Console.WriteLine(FormattableString.Invariant($"""
            Restored the backup of {restored!.At:yyyy-MM-dd HH:mm} UTC: {restored.Contents.Events} events, {restored.Contents.Tickets} tickets, {restored.Contents.Users} users, as its manifest says.
            Erasures: {erasures.Count} in the ledger, {again} of them done again{(erasures.Count == 0 ? ". Without a ledger, whoever was erased after the backup is back: erase them again" : "")}.
            Next: start the service and look. It sends no mail and asks no model until you run: resume. Mails that wait may have been sent before the loss; resume --discard-waiting drops them.
            """));
        return 0;
    }

    /// <summary>Fills the database and leaves it marked as unfinished: <see cref="Restoring.EndAsync"/> lets services in.</summary>
    public static async Task<Manifest> RestoreAsync(string connectionString, string file, bool force, CancellationToken ct)
    {
        var named = new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 0, Pooling = false };
        await using var database = await Restoring.OpenAsync(named.ConnectionString, ct);
        if (!force && await IsInUseAsync(database, ct))
            throw new CommandException(CommandException.Refused, "The database is not empty. Name an empty one in DATABASE_URL, or say --force to remove all that is in it.");

        using var backup = await BackupFile.OpenAsync(file, ct);
        var (manifest, major) = (backup.Manifest, database.PostgreSqlVersion.Major);
        if (major < manifest.Postgres)
            throw new CommandException(CommandException.Refused, $"The backup was taken from PostgreSQL {manifest.Postgres}, and this server is {major}: restore into {manifest.Postgres} or newer.");

        var program = await PostgresClients.FindAsync("pg_restore", Math.Max(major, manifest.Program));
        await RefuseServiceAsync(named.ConnectionString, ct);
        await Restoring.BeginAsync(named.ConnectionString, DateTimeOffset.UtcNow, ct);

        // A service that starts from now on sees the mark; one that has just started is seen here.
        await RefuseServiceAsync(named.ConnectionString, ct);
        await Restoring.RunAsync(named.ConnectionString, "drop schema if exists ticmate, wolverine cascade", ct);
        await FillAsync(program.Path, named, backup, ct);

        var differences = manifest.Contents.Differences(await Contents.ReadAsync(database, ct));
        if (differences.Count > 0)
            throw new CommandException(CommandException.BadData, $"What was restored is not what the manifest tells of ({string.Join("; ", differences)}). No service starts on this database.");

        // Nodes and who works on what are those of the original.
        await Restoring.RunAsync(named.ConnectionString,
            $"""
            create table if not exists ticmate.{Held.TableName} (is_held boolean primary key, since timestamptz not null);
            insert into ticmate.{Held.TableName} values (true, now()) on conflict (is_held) do update set since = excluded.since;
            update wolverine.wolverine_incoming_envelopes set owner_id = 0;
            update wolverine.wolverine_outgoing_envelopes set owner_id = 0;
            delete from wolverine.wolverine_nodes;
            """, ct);
        return manifest;
    }

    private static async Task FillAsync(string program, NpgsqlConnectionStringBuilder database, BackupFile backup, CancellationToken ct)
    {
        string[] arguments = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-acl", "--no-comments", "--no-password", $"--dbname={database.Database}"];
        using var restore = PostgresClients.Start(program, database, arguments);
        try
        {
            var (errors, output) = (restore.StandardError.ReadToEndAsync(ct), restore.StandardOutput.ReadToEndAsync(ct));
            try
            {
                await using var dump = await backup.OpenDumpAsync(ct);
                await dump.CopyToAsync(restore.StandardInput.BaseStream, ct);
                restore.StandardInput.Close();
            }
            catch (IOException)
            {
                // It has ended before the end of the dump; what it says is the reason.
            }

            await output;
            await restore.WaitForExitAsync(ct);
            if (restore.ExitCode != 0)
                throw new CommandException(CommandException.Unavailable, $"pg_restore failed: {PostgresClients.FirstError(await errors)} Nothing was restored; no service starts on this database until a restore succeeds.");
        }
        finally
        {
            if (!restore.HasExited)
                restore.Kill();
        }
    }

    private static async Task RefuseServiceAsync(string connectionString, CancellationToken ct)
    {
        if (await Commands.IsServiceRunningAsync(connectionString, ct))
            throw new CommandException(CommandException.Refused, "A service runs on this database. Stop it first, on every node.");
    }

    private static async Task<bool> IsInUseAsync(NpgsqlConnection database, CancellationToken ct)
    {
        await using var query = new NpgsqlCommand("select exists (select from pg_tables where schemaname in ('ticmate', 'wolverine')) or to_regnamespace('ticmate_restore') is not null", database);
        return (bool)(await query.ExecuteScalarAsync(ct))!;
    }
}
