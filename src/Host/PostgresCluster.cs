using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace TicMate.Host;

/// <summary>
/// One PostgreSQL data folder and the server on it. Whoever calls must hold the folder's lock.
/// <code>
/// password               the server's owner only
/// port                   the last one used
/// settings/              written by us at every start
/// postgres/data, server.log   the server's own
/// </code>
/// </summary>
public sealed class PostgresCluster
{
    private const string Superuser = "postgres";
    private const string Database = "ticmate";
    private const int Attempts = 6;

    private readonly string _folder;
    private readonly PostgresAccount _account;
    private readonly string _name;

    private PostgresCluster(string folder, PostgresAccount account, PostgresPrograms programs)
    {
        _folder = folder;
        _account = account;
        Programs = programs;
        _name = "ticmate_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(folder)))[..16];
    }

    public PostgresPrograms Programs { get; }
    private string Home => Path.Combine(_folder, "postgres");
    private string Data => Path.Combine(Home, "data");
    private string PidFile => Path.Combine(Data, "postmaster.pid");
    private string Log => Path.Combine(Home, "server.log");
    private string Settings => Path.Combine(_folder, "settings");
    private string PasswordFile => Path.Combine(_folder, "password");
    private string PortFile => Path.Combine(_folder, "port");

    public static async Task<PostgresCluster> OpenAsync(string folder, string copies)
    {
        var data = Path.Combine(folder, "postgres", "data");
        var version = Path.Combine(data, "PG_VERSION");
        int? major = File.Exists(version) ? int.Parse(await File.ReadAllTextAsync(version), CultureInfo.InvariantCulture) : null;
        return new(folder, await PostgresAccount.ForAsync(data), await PostgresPrograms.FindAsync(major, copies));
    }

    /// <summary>Creates what is missing, starts what is not running, and tells how to connect.</summary>
    public async Task<string> RunAsync(bool careful, CancellationToken ct)
    {
        if (!Directory.Exists(Data))
            await CreateAsync(careful);

        for (var attempt = 0; ; attempt++)
        {
            ct.ThrowIfCancellationRequested();
            if (await FindServerAsync() is { } server)
            {
                if (await IsReadyAsync(server.Port, ct))
                    return ConnectionString(server.Port, Database, Database);

                await StopUnresponsiveAsync();
            }

            if (attempt == Attempts)
                throw new LocalPostgresException($"PostgreSQL does not start in {_folder}. The end of {Log} says:\n{EndOfLog()}");

            // The port may have been taken since we looked; the children of a killed server need a moment to notice.
            if (attempt > 0)
                await Task.Delay(100 << attempt, ct);
            await StartAsync();
        }
    }

    /// <summary>Ends the server in good order, if it runs.</summary>
    public async Task StopAsync()
    {
        if (await FindServerAsync() is null || (await PgCtlAsync("stop", "-m", "fast")).Succeeded || await FindServerAsync() is null)
            return;

        if (await PgCtlAsync("stop", "-m", "immediate") is { Succeeded: false } failed && await FindServerAsync() is { } server)
            throw new LocalPostgresException($"The PostgreSQL server in {_folder} (process {server.Pid}) does not stop: {failed.Output}");
    }

    private async Task CreateAsync(bool careful)
    {
        if (_account.User is not null && !await _account.CanEnterAsync(_folder))
            throw new LocalPostgresException($"The user {_account.User} cannot enter {_folder}. Set TICMATE_DATA to a folder that it can.");

        PostgresFiles.MakeFolder(Home, PostgresFiles.OwnersFolder);
        await _account.TakeAsync(Home);
        foreach (var unfinished in Directory.EnumerateDirectories(Home, "new-*"))
            Directory.Delete(unfinished, recursive: true);

        File.Delete(PasswordFile);
        PostgresFiles.Write(PasswordFile, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)), PostgresFiles.OwnersFile);
        await _account.TakeAsync(PasswordFile);

        // A name of its own: an initdb orphaned by a crash may still be writing to the last one.
        var fresh = $"new-{Guid.NewGuid():N}";
        string[] arguments =
        [
            "-D", fresh, "-U", Superuser, $"--pwfile={Path.Combine("..", "password")}", "--auth=scram-sha-256",
            "--encoding=UTF8", "--data-checksums", .. Locale(Programs.Major), .. careful ? Array.Empty<string>() : ["--no-sync"],
        ];
        if (await _account.RunAsync(Home, Programs.InitDb, arguments) is { Succeeded: false } failed)
            throw new LocalPostgresException($"initdb of {Programs.Folder} failed in {_folder}:\n{failed.Output}");

        Directory.Move(Path.Combine(Home, fresh), Data);
    }

    // Order by code point: the same everywhere, and no update of the C library invalidates an index. Case follows
    // Unicode where that can be had without such an order, so that a search finds "Ä" by "ä".
    private static string[] Locale(int major) =>
        major >= 17 ? ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        : OperatingSystem.IsLinux() ? ["--locale=C", "--lc-ctype=C.UTF-8"]
        : OperatingSystem.IsMacOS() ? ["--locale=C", "--lc-ctype=en_US.UTF-8"]
        : ["--locale=C"];

    private async Task StartAsync()
    {
        if (File.Exists(Log) && new FileInfo(Log).Length > 10_000_000)
            File.Delete(Log);

        var port = FreePort();
        PostgresSettings.Write(Settings, Data, port);

        // pg_ctl gives the server a session of its own: Ctrl+C reaches us first, and we stop it when our work is done.
        // Paths are relative because pg_ctl hands them to a shell. The name tells our server from others in a process list.
        if ((await PgCtlAsync("start", "-l", "server.log", "-o", $"-c cluster_name={_name}")).Succeeded)
            PostgresFiles.Write(PortFile, port.ToString(CultureInfo.InvariantCulture), PostgresFiles.OwnersFile);
    }

    private Task<PostgresAccount.Outcome> PgCtlAsync(string verb, params string[] arguments) =>
        _account.RunAsync(Home, Programs.PgCtl, [verb, "-s", "-w", "-t", "60", "-D", Path.Combine("..", "settings"), .. arguments]);

    private int FreePort()
    {
        if (File.Exists(PortFile) && int.TryParse(File.ReadAllText(PortFile), CultureInfo.InvariantCulture, out var last)
            && Bind(last) is { } same)
            return same;

        return Bind(0) ?? throw new LocalPostgresException("No free port on 127.0.0.1.");

        static int? Bind(int port)
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException)
            {
                return null;
            }
        }
    }

    /// <summary>Connects, and creates database and role if they are missing. False if the server went away or keeps silent.</summary>
    private async Task<bool> IsReadyAsync(int port, CancellationToken ct)
    {
        for (var silence = 0; silence < 300; silence++)
        {
            try
            {
                var admin = ConnectionString(port, Superuser, Superuser) + ";Pooling=false;Timeout=5";
                await using var connection = new NpgsqlConnection(admin);
                await connection.OpenAsync(ct);
                await CreateDatabaseAsync(connection, ct);
                return true;
            }
            catch (PostgresException starting) when (starting.SqlState == PostgresErrorCodes.CannotConnectNow)
            {
                silence = 0; // recovery takes the time it takes
            }
            catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InvalidPassword)
            {
                throw new LocalPostgresException($"The server in {_folder} does not accept the password in {PasswordFile}.", refused);
            }
            catch (NpgsqlException) when (!ct.IsCancellationRequested)
            {
                if (await FindServerAsync() is null)
                    return false;
            }

            await Task.Delay(100, ct);
        }

        return false;
    }

    private async Task CreateDatabaseAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        if (await Missing("pg_roles WHERE rolname"))
            await Execute($"CREATE ROLE {Database} LOGIN CREATEDB PASSWORD '{Password()}'");
        if (await Missing("pg_database WHERE datname"))
            await Execute($"CREATE DATABASE {Database} OWNER {Database}");

        async Task<bool> Missing(string where) => await Execute($"SELECT 1 FROM {where} = '{Database}'") is null;

        async Task<object?> Execute(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            return await command.ExecuteScalarAsync(ct);
        }
    }

    // SCRAM proves the server to us as well: a stranger who got the port learns nothing.
    private string ConnectionString(int port, string user, string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = port,
        Username = user,
        Password = Password(),
        Database = database,
        RequireAuth = "ScramSHA256",
        SslMode = SslMode.Disable,
        GssEncryptionMode = GssEncryptionMode.Disable,
    }.ConnectionString;

    private string Password() => File.Exists(PasswordFile)
        ? File.ReadAllText(PasswordFile)
        : throw new LocalPostgresException($"{PasswordFile} is missing. Put it back, or move {_folder} away to begin anew.");

    /// <summary>
    /// The server on our data folder. After a crash its number may belong to nobody, to a stranger, or to a zombie that
    /// PostgreSQL takes for alive. Then the file that names it goes, but not before the last of the server's children.
    /// </summary>
    private async Task<(int Pid, int Port)?> FindServerAsync()
    {
        var lines = File.Exists(PidFile) ? await File.ReadAllLinesAsync(PidFile) : [];
        if (lines.Length < 4 || !int.TryParse(lines[0], CultureInfo.InvariantCulture, out var pid) || pid <= 0
            || !int.TryParse(lines[3], CultureInfo.InvariantCulture, out var port))
            return null;

        var command = await CommandOfAsync(pid);
        if (command.Contains("postgres", StringComparison.Ordinal)
            && (command.Contains(_name, StringComparison.Ordinal) || !command.Contains("cluster_name=ticmate_", StringComparison.Ordinal)))
            return (pid, port);

        // Where we cannot look for children, PostgreSQL does: it finds their shared memory by this file.
        if (OperatingSystem.IsLinux() ? !await HasChildrenAsync() : command.Length > 0)
            File.Delete(PidFile);
        return null;
    }

    private async Task<bool> HasChildrenAsync()
    {
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(process), CultureInfo.InvariantCulture, out var pid)
                && (await CommandOfAsync(pid)).Contains(_name, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    private async Task StopUnresponsiveAsync()
    {
        if (await FindServerAsync() is not { } server)
            return;

        if (!(await CommandOfAsync(server.Pid)).Contains(_name, StringComparison.Ordinal))
            throw new LocalPostgresException($"Process {server.Pid} seems to be a server for {Data}, but does not answer. Stop it.");

        await StopAsync();
    }

    /// <summary>The command line of a live process, or on Windows its name.</summary>
    private static async Task<string> CommandOfAsync(int pid)
    {
        try
        {
            if (OperatingSystem.IsLinux())
                return await File.ReadAllTextAsync($"/proc/{pid}/cmdline");

            using var process = Process.GetProcessById(pid);
            return OperatingSystem.IsWindows()
                ? process.ProcessName
                : (await PostgresAccount.Own.RunAsync("/", "ps", "-o", "args=", "-p", pid.ToString(CultureInfo.InvariantCulture))).Output;
        }
        catch (Exception gone) when (gone is IOException or ArgumentException or InvalidOperationException)
        {
            return "";
        }
    }

    private string EndOfLog() => File.Exists(Log) ? string.Join('\n', File.ReadLines(Log).TakeLast(8)) : "(nothing)";
}
