using System.Diagnostics;

namespace TicMate.Host;

/// <summary>
/// Runs PostgreSQL's programs under an account they accept: our own, or, because PostgreSQL refuses root,
/// that of <c>postgres</c> or else <c>nobody</c>.
/// </summary>
public sealed record PostgresAccount(string? User)
{
    private static readonly string[] Substitutes = ["postgres", "nobody"];

    /// <summary>Ourselves, root or not.</summary>
    public static PostgresAccount Own { get; } = new(User: null);

    /// <summary>Whether other accounts must be able to pass through our folders.</summary>
    public static bool IsRoot => !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess;

    /// <summary>The account for a data folder: its owner's, or for a new one the first that exists.</summary>
    public static async Task<PostgresAccount> ForAsync(string data)
    {
        if (!IsRoot)
            return Own;

        foreach (var account in Substitutes.Select(user => new PostgresAccount(user)))
        {
            var exists = await Own.RunAsync("/", "id", "-u", account.User!);
            if (exists.Succeeded && (!Directory.Exists(data) || await account.OwnsAsync(data)))
                return account;
        }

        throw new LocalPostgresException(Directory.Exists(data)
            ? $"{data} belongs to another user. Start as that user, or set TICMATE_DATA to another folder."
            : "PostgreSQL does not run as root, and there is neither a user 'postgres' nor a user 'nobody'. Start as an ordinary user.");
    }

    public async Task<bool> OwnsAsync(string path) => (await RunAsync("/", "test", "-O", path)).Succeeded;

    public async Task<bool> CanEnterAsync(string folder) => (await RunAsync("/", "test", "-x", folder)).Succeeded;

    /// <summary>Gives this account a file or folder that root has made.</summary>
    public async Task TakeAsync(string path)
    {
        if (User is not null && await Own.RunAsync("/", "chown", "-h", "--", User, path) is { Succeeded: false } failed)
            throw new LocalPostgresException($"{path} could not be given to the user {User}: {failed.Output}");
    }

    /// <summary>Runs a program to its end. Not cancellable: half an <c>initdb</c> or <c>pg_ctl</c> helps nobody.</summary>
    public async Task<Outcome> RunAsync(string directory, string program, params string[] arguments)
    {
        string[] command = [.. Prefix(), program, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
        };

        // Settings meant for the user's own clients and servers must not leak into ours. macOS wants a valid locale.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        start.Environment["LC_ALL"] = "C";

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();

        // On Windows the server inherits pg_ctl's pipes and keeps them open for life.
        var complete = await Task.WhenAny(output, Task.Delay(TimeSpan.FromSeconds(1))) == output;
        return new(process.ExitCode == 0, complete ? string.Concat(await output).Trim() : "");
    }

    private string[] Prefix()
    {
        if (User is null)
            return [];

        // Not always on PATH. With both the arguments stay arguments: su's shell only replaces itself.
        string[] runuser = ["/usr/sbin/runuser", "/sbin/runuser"];
        return Array.Find(runuser, File.Exists) is { } found
            ? [found, "-u", User, "--"]
            : ["su", "-s", "/bin/sh", "-c", "exec \"$0\" \"$@\"", "--", User];
    }

    /// <summary>How a program ended and what it said.</summary>
    public sealed record Outcome(bool Succeeded, string Output);
}
