using System.CommandLine;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Console;
using Npgsql;
using Wolverine;

namespace TicMate.Host;

/// <summary>A command of our own. It runs in the started host, with everything but the web server, unless its syntax has an action.</summary>
public interface IOwnCommand
{
    Command Syntax { get; }

    /// <summary>What it does on the database before there is a host, which may be all: then the exit code.</summary>
    Task<int?> BeforeHostAsync(IConfiguration configuration, ParseResult given, CancellationToken ct) => Task.FromResult<int?>(null);

    /// <summary>What has to be done before the host looks at the database.</summary>
    Task BeforeStartAsync(WebApplication app) => Task.CompletedTask;

    /// <summary>Whether these arguments ask for it.</summary>
    bool IsMeantBy(string[] args) => args.FirstOrDefault() == Syntax.Name;

    Task<int> RunAsync(WebApplication app, ParseResult given, CancellationToken ct) => given.InvokeAsync(cancellationToken: ct);
}

/// <summary>What was asked for at the command line.</summary>
public sealed record AskedCommand(IOwnCommand Command, ParseResult Given)
{
    // EX_USAGE of sysexits.h.
    public const int Misused = 64;

    /// <summary>It needs neither host nor database: help was asked for, something is wrong, or the command can do without.</summary>
    public bool StandsAlone => Given.Action is not null;

    public Task<int?> BeforeHostAsync(IConfiguration configuration) => Command.BeforeHostAsync(configuration, Given, CancellationToken.None);

    public async Task<int> RunAloneAsync()
    {
        var exit = await Given.InvokeAsync();
        return Given.Errors.Count > 0 ? Misused : exit;
    }
}

/// <summary>What can be done at the command line beside running the service. Words that are none of ours are the framework's.</summary>
public static class Commands
{
    /// <summary>How the service calls itself at the database: while a session of that name is there, a service runs.</summary>
    private const string Service = "TICMaTe", Other = "TICMaTe command";

    /// <summary>The command that the arguments ask for, if it is ours.</summary>
    public static AskedCommand? Parse(string[] args)
    {
        IOwnCommand[] all =
        [
            new ImportCommand(), new CreateAdminCommand(), new EvaluateTriageCommand(), new BackupCommand(), new RestoreCommand(), new ResumeCommand(),
            new KeysCommand(), new ErasuresCommand(), new AuditCommand(), new RebuildCommand(),
        ];
        if (Array.Find(all, command => command.IsMeantBy(args)) is not { } asked)
            return null;

        return new AskedCommand(asked, new RootCommand("TICMaTe") { asked.Syntax }.Parse(args));
    }

    /// <summary>
    /// Names this process's sessions at the database, and keeps them as they are between uses: a statement that comes again is prepared, and
    /// none is spent on cleaning up. So whoever locks, listens or makes a table for a session takes it back before the session goes back.
    /// </summary>
    public static string NameSessions(string connectionString, string[] args)
    {
        var named = new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = args.Any(arg => !arg.StartsWith('-')) ? Other : Service, NoResetOnClose = true, MaxAutoPrepare = 200,
        };

        // PostgreSQL's own guess is of disks that turn: it would sort somebody's tickets rather than walk along an index. And it would tell with
        // every search which of the words are too common to have stems.
        named.Options ??= "-c random_page_cost=1.1 -c jit=off -c client_min_messages=warning";
        return named.ConnectionString;
    }

    /// <summary>Whether a service runs on the database. Even one that was killed takes its sessions with it.</summary>
    public static async Task<bool> IsServiceRunningAsync(string connectionString, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(ct);
        await using var query = new NpgsqlCommand("select exists (select from pg_stat_activity where datname = current_database() and application_name = $1)", connection)
        {
            Parameters = { new NpgsqlParameter { Value = Service } },
        };
        return (bool)(await query.ExecuteScalarAsync(ct))!;
    }

    /// <summary>
    /// Makes the host one of a command: it listens nowhere and logs what goes wrong, to standard error. Beside a running service it handles
    /// no messages: a single node takes all of them for its own.
    /// </summary>
    public static async Task ServeCommandAsync(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IServer, NoServer>();
        builder.Logging.AddFilter<ConsoleLoggerProvider>(null, LogLevel.Warning).AddFilter<ConsoleLoggerProvider>("Marten.Events.Daemon.ProjectionDaemon", LogLevel.Error);
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);

        if (await IsServiceRunningAsync(builder.Configuration.GetConnectionString("Database")!, CancellationToken.None))
            builder.Services.ConfigureWolverine(wolverine => wolverine.Durability.Mode = DurabilityMode.MediatorOnly);
    }

    /// <summary>Runs one of our commands to its end, or until Ctrl+C.</summary>
    public static async Task<int> RunAsync(this WebApplication app, AskedCommand asked)
    {
        await using (app)
        {
            await asked.Command.BeforeStartAsync(app);
            await app.StartAsync();
            var exit = await asked.Command.RunAsync(app, asked.Given, app.Lifetime.ApplicationStopping);
            await app.StopAsync();
            return exit;
        }
    }

    private sealed class NoServer : IServer
    {
        public IFeatureCollection Features { get; } = new FeatureCollection();

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken) where TContext : notnull => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
