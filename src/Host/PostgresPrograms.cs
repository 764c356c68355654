using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using MysticMind.PostgresEmbed;

namespace TicMate.Host;

/// <summary>A folder with <c>initdb</c>, <c>pg_ctl</c> and <c>postgres</c>, and their major version.</summary>
public sealed partial record PostgresPrograms(string Folder, int Major)
{
    /// <summary>The oldest version that is tried with this service.</summary>
    public const int Oldest = 15;

    private const int Downloaded = 17;

    private static readonly string[] Usual =
    [
        "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*", "/usr/lib/postgresql*/bin", "/usr/local/pgsql/bin",
        "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin", "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
        "/Applications/Postgres.app/Contents/Versions/*/bin", @"C:\Program Files\PostgreSQL\*\bin",
    ];

    public string InitDb => Program("initdb");
    public string PgCtl => Program("pg_ctl");

    /// <summary>Programs of this machine, else a private copy. Data folders open only with the major version that made them.</summary>
    public static async Task<PostgresPrograms> FindAsync(int? major, string copies)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return Choose(path, UsualFolders(), major, MajorOf)
            ?? await FallBackAsync(major, version => DownloadAsync(version, copies));
    }

    /// <summary>Where PostgreSQL's packages put their programs.</summary>
    public static IEnumerable<string> UsualFolders() => Usual.SelectMany(Expand);

    /// <summary>The first on PATH that will do, else the newest in the usual places.</summary>
    public static PostgresPrograms? Choose(IEnumerable<string> path, IEnumerable<string> usual, int? major, Func<string, int?> majorOf)
    {
        return Known(path).Concat(Known(usual).OrderByDescending(programs => programs.Major))
            .FirstOrDefault(programs => programs.Major >= Oldest && (major is null || programs.Major == major));

        IEnumerable<PostgresPrograms> Known(IEnumerable<string> folders) =>
            from folder in folders
            let version = majorOf(folder)
            where version is not null
            select new PostgresPrograms(folder, version.Value);
    }

    /// <summary>Downloads, or says what a person can do instead.</summary>
    public static async Task<PostgresPrograms> FallBackAsync(int? major, Func<int, Task<PostgresPrograms>> download)
    {
        try
        {
            return await download(major ?? Downloaded);
        }
        catch (Exception failure) when (failure is PostgresEmbedException or HttpRequestException or IOException
            or UnauthorizedAccessException or OperationCanceledException or PlatformNotSupportedException or InvalidOperationException)
        {
            var (missing, install) = major is null
                ? ($"No PostgreSQL {Oldest} or newer was found", "install PostgreSQL (apt install postgresql, brew install postgresql@17)")
                : ($"The data were written by PostgreSQL {major}, which was not found", $"install PostgreSQL {major}");
            throw new LocalPostgresException($"""
                {missing}, and a private copy could not be downloaded ({failure.Message.TrimEnd('.')}). Three ways out:
                  - {install};
                  - start everything with: docker compose up;
                  - name a database of your own in ConnectionStrings:Database or DATABASE_URL.
                """, failure);
        }
    }

    /// <summary>Reads "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)".</summary>
    public static int? ParseMajor(string version) =>
        Version().Match(version) is { Success: true } match ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : null;

    private static async Task<PostgresPrograms> DownloadAsync(int major, string copies)
    {
        await PostgresFiles.PrepareAsync(copies);
        var copy = new PgServer(new PgServerOptions { PgVersion = major.ToString(CultureInfo.InvariantCulture), BinariesDir = copies });
        await copy.InstallAsync();
        return new(Path.Combine(copy.InstallDir, "bin"), major);
    }

    private static int? MajorOf(string folder)
    {
        var programs = new PostgresPrograms(folder, 0);
        if (!Path.IsPathFullyQualified(folder) || !File.Exists(programs.InitDb) || !File.Exists(programs.PgCtl))
            return null;

        try
        {
            var question = new ProcessStartInfo(programs.Program("postgres"), "--version") { RedirectStandardOutput = true };
            using var process = Process.Start(question)!;
            return ParseMajor(process.StandardOutput.ReadToEnd());
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static string[] Expand(string pattern)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        if (star < 0)
            return [pattern];

        var start = pattern.LastIndexOfAny(['/', '\\'], star);
        var end = pattern.IndexOfAny(['/', '\\'], star);
        var (parent, name, rest) = end < 0
            ? (pattern[..start], pattern[(start + 1)..], "")
            : (pattern[..start], pattern[(start + 1)..end], pattern[(end + 1)..]);
        return Directory.Exists(parent)
            ? [.. Directory.EnumerateDirectories(parent, name).Select(folder => Path.Combine(folder, rest))]
            : [];
    }

    private string Program(string name) => Path.Combine(Folder, OperatingSystem.IsWindows() ? name + ".exe" : name);

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex Version();
}
