using System.ComponentModel;
using System.Security.Cryptography;
using System.Text;

namespace TicMate.Host;

/// <summary>
/// A PostgreSQL of our own, for when no connection string is given. The processes of one checkout share it: each holds a
/// lease, an OS file lock that even <c>kill -9</c> releases, and the last one out stops the server.
/// </summary>
public sealed class LocalPostgres : IAsyncDisposable
{
    private const string Lease = "lease";
    private readonly bool _throwAway;
    private FileStream? _lease;
    private PostgresCluster? _cluster;

    private LocalPostgres(string folder, bool throwAway, FileStream lease)
    {
        Folder = folder;
        _throwAway = throwAway;
        _lease = lease;
    }

    /// <summary>For Npgsql: the role owns the database <c>ticmate</c> and may create others, but is no superuser.</summary>
    public string ConnectionString { get; private set; } = "";

    public string Folder { get; }

    /// <summary>Which PostgreSQL this is, and where its programs lie.</summary>
    public PostgresPrograms Programs => _cluster!.Programs;

    /// <summary>Where the data of a checkout live: below TICMATE_DATA, or the user's local application data.</summary>
    public static string FolderFor(string checkout)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(checkout));
        var name = string.Concat(Path.GetFileName(path).Where(char.IsAsciiLetterOrDigit).Take(32));
        return Path.Combine(Base(), $"{name}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..12]}");
    }

    /// <summary>Starts the server of a folder, or joins the one that runs there.</summary>
    public static Task<LocalPostgres> StartAsync(string folder, CancellationToken ct) => ExplainAsync(folder, async () =>
    {
        var home = Path.GetFullPath(folder);
        await PostgresFiles.PrepareAsync(home);
        return await StartAsync(home, throwAway: false, await PostgresFiles.LockAsync(home, ct), ct);
    });

    /// <summary>Starts a new, empty server for tests. Its folder goes with it, or, after a kill, at the next such start.</summary>
    public static Task<LocalPostgres> StartThrowAwayAsync(CancellationToken ct, string? under = null)
    {
        var all = under ?? Path.Combine(Base(), "throw-away");
        return ExplainAsync(all, async () =>
        {
            await PostgresFiles.PrepareAsync(all);
            using var sweeping = await PostgresFiles.LockAsync(all, ct);
            await SweepAsync(all);

            var folder = Path.Combine(all, Guid.NewGuid().ToString("N"));
            await PostgresFiles.PrepareAsync(folder);
            var starting = StartAsync(folder, throwAway: true, await PostgresFiles.LockAsync(folder, ct), ct);

            // By now the new folder has its lease, and nobody takes it for a leftover.
            await sweeping.DisposeAsync();
            return await starting;
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _lease, null) is not { } lease)
            return;

        using (await PostgresFiles.LockAsync(Folder, CancellationToken.None))
        {
            await lease.DisposeAsync();
            using var last = PostgresFiles.TryOpen(Path.Combine(Folder, Lease), FileShare.None);
            if (last is null)
                return;

            if (_cluster is not null)
                await _cluster.StopAsync();
        }

        if (_throwAway)
            PostgresFiles.Delete(Folder);
    }

    private static async Task<LocalPostgres> StartAsync(string folder, bool throwAway, FileStream door, CancellationToken ct)
    {
        LocalPostgres? postgres = null;
        try
        {
            using (door)
            {
                var lease = PostgresFiles.TryOpen(Path.Combine(folder, Lease), FileShare.Read)
                    ?? throw new LocalPostgresException($"{folder} is being removed.");
                postgres = new(folder, throwAway, lease);
                postgres._cluster = await PostgresCluster.OpenAsync(folder, Copies());
                postgres.ConnectionString = await postgres._cluster.RunAsync(careful: !throwAway, ct);
                return postgres;
            }
        }
        catch when (postgres is not null)
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    /// <summary>Removes what killed test runs left behind: folders that nobody holds a lease on.</summary>
    private static async Task SweepAsync(string all)
    {
        var folders = Directory.EnumerateDirectories(all).Where(folder => Guid.TryParseExact(Path.GetFileName(folder), "N", out _));
        foreach (var folder in folders.Take(20).ToArray())
            try
            {
                using var lease = PostgresFiles.TryOpen(Path.Combine(folder, Lease), FileShare.None);
                if (lease is null)
                    continue;

                await (await PostgresCluster.OpenAsync(folder, Copies())).StopAsync();
                await lease.DisposeAsync();
                PostgresFiles.Delete(folder);
            }
            catch (Exception failure) when (failure is LocalPostgresException or IOException or UnauthorizedAccessException)
            {
                // Its own run is just removing it, or it cannot be removed: it harms nobody. Perhaps the next start can.
            }
    }

    private static string Copies() => Path.Combine(Base(), "programs");

    // Root's home is closed to the account that runs PostgreSQL, and in /var/tmp a stranger could be there first.
    private static string Base()
    {
        if (Environment.GetEnvironmentVariable("TICMATE_DATA") is { Length: > 0 } chosen)
            return Path.GetFullPath(chosen);
        if (PostgresAccount.IsRoot)
            return "/var/lib/ticmate";

        var data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return data.Length > 0
            ? Path.Combine(data, "ticmate")
            : throw new LocalPostgresException("This user has no home. Set TICMATE_DATA to a folder.");
    }

    private static async Task<LocalPostgres> ExplainAsync(string folder, Func<Task<LocalPostgres>> start)
    {
        try
        {
            return await start();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or Win32Exception)
        {
            throw new LocalPostgresException(
                $"PostgreSQL could not be started in {folder}: {failure.Message} Set TICMATE_DATA to a folder of your own, "
                + "or name a database in ConnectionStrings:Database or DATABASE_URL.", failure);
        }
    }
}

/// <summary>Why there is no PostgreSQL and what to do about it, in words for the person at the keyboard.</summary>
public sealed class LocalPostgresException(string message, Exception? inner = null) : Exception(message, inner);
