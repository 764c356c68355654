using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace TicMate.Host;

/// <summary>A command that cannot do what it was asked for: what a person can do about it, and the exit code.</summary>
public sealed class CommandException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    // Of sysexits.h.
    public const int Refused = 1, BadData = 65, NoInput = 66, Unavailable = 69, CannotWrite = 73;

    public int ExitCode => exitCode;
}

/// <summary>PostgreSQL's own programs for a dump: <c>pg_dump</c> and <c>pg_restore</c> of this machine.</summary>
public static class PostgresClients
{
    /// <summary>The program of the server's own version, else of the next newer one: an older one cannot read what a newer server writes.</summary>
    public static async Task<(string Path, int Major)> FindAsync(string program, int major)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        var found = new List<(string Path, int Major)>();
        foreach (var file in path.Concat(PostgresPrograms.UsualFolders()).Distinct().Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? program + ".exe" : program)))
            if (Path.IsPathFullyQualified(file) && File.Exists(file)
                && await PostgresAccount.Own.RunAsync("/", file, "--version") is { Succeeded: true } said && PostgresPrograms.ParseMajor(said.Output) is { } version)
                found.Add((file, version));

        return Choose(found, major) ?? throw new CommandException(CommandException.Unavailable, found.Count == 0
            ? $"{program} was not found. Install PostgreSQL's client programs, version {major} or newer (apt install postgresql-client-{major})."
            : string.Create(CultureInfo.InvariantCulture, $"{program} is of version {found.Max(f => f.Major)} here, and {major} or newer is needed (apt install postgresql-client-{major})."));
    }

    public static (string Path, int Major)? Choose(IEnumerable<(string Path, int Major)> found, int major) =>
        found.Where(f => f.Major >= major).OrderBy(f => f.Major).Select(f => ((string Path, int Major)?)f).FirstOrDefault();

    /// <summary>
    /// A program on this database, started. The password goes by environment, which only the same user can read, and never as an argument.
    /// </summary>
    public static Process Start(string program, NpgsqlConnectionStringBuilder database, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, CreateNoWindow = true,
        };
        foreach (var (name, value) in Libpq(database))
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>What libpq reads, from what Npgsql reads.</summary>
    public static Dictionary<string, string> Libpq(NpgsqlConnectionStringBuilder database)
    {
        var settings = new Dictionary<string, string?>
        {
            ["PGHOST"] = database.Host, ["PGPORT"] = database.Port.ToString(CultureInfo.InvariantCulture), ["PGDATABASE"] = database.Database,
            ["PGUSER"] = database.Username, ["PGPASSWORD"] = database.Password, ["PGPASSFILE"] = database.Passfile, ["PGSSLROOTCERT"] = database.RootCertificate,
            ["PGSSLCERT"] = database.SslCertificate, ["PGSSLKEY"] = database.SslKey, ["PGAPPNAME"] = "TICMaTe command", ["LC_ALL"] = "C",
            ["PGSSLMODE"] = database.SslMode switch { SslMode.VerifyCA => "verify-ca", SslMode.VerifyFull => "verify-full", var mode => mode.ToString().ToLowerInvariant() },
        };
        return settings.Where(s => !string.IsNullOrEmpty(s.Value)).ToDictionary(s => s.Key, s => s.Value!);
    }

    /// <summary>The first complaint, without what follows it: PostgreSQL quotes rows there.</summary>
    public static string FirstError(string errors) =>
        errors.Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.Contains("error:", StringComparison.OrdinalIgnoreCase)) ?? "it did not say why";
}
