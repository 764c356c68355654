using System.Net.Sockets;
using System.Security.Cryptography;
using Marten;
using Npgsql;
using TicMate.Identity.Profile;
using TicMate.Identity.Registration;

namespace TicMate.Host;

/// <summary>Which database the service uses, and where a Development installation keeps what it made for itself.</summary>
public static class Database
{
    private const string Key = "ConnectionStrings:Database";

    // These only look at the code; everything else needs the database.
    private static readonly string[] CommandsWithout = ["help", "codegen", "describe", "describe-event-model", "openapi", "wolverine-diagnostics", "capabilities"];

    /// <summary>Whether a command looks at the code alone and needs neither a database nor secrets.</summary>
    public static bool NeedsOnlyCode(string[] args) => CommandsWithout.Contains(args.FirstOrDefault());

    /// <summary>Starts a PostgreSQL of our own when none is named. Dispose it after the host: the last process out stops it.</summary>
    public static async Task<LocalPostgres?> OpenDatabaseAsync(this WebApplicationBuilder builder, string[] args)
    {
        if (Migrate.MayChangeTables(args) && builder.Configuration[Migrate.Key] is { Length: > 0 } own)
            (builder.Configuration[Migrate.ServiceKey], builder.Configuration[Key]) = (builder.Configuration[Key], own);

        if (builder.Configuration[Key] is { Length: > 0 } named)
        {
            builder.Configuration[Key] = Commands.NameSessions(named, args);
            return null;
        }

        if (NeedsOnlyCode(args))
        {
            builder.Configuration[Key] = "Host=nowhere.invalid;Database=ticmate";
            return null;
        }

        if (!builder.Environment.IsDevelopment())
            throw new SettingException($"DATABASE_URL (or {Key.Replace(":", "__", StringComparison.Ordinal)}) must name the PostgreSQL to use; only Development starts one of its own.");

        var postgres = await LocalPostgres.StartAsync(DataFolder, CancellationToken.None);
        builder.Configuration[Key] = Commands.NameSessions(postgres.ConnectionString, args);
        return postgres;
    }

    /// <summary>What a person can do when the database does not do its part; null when something else went wrong.</summary>
    public static string? Explain(Exception? failure) => failure switch
    {
        null => null,
        PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.InvalidSchemaName } =>
            "The database is not of this version. Run the command migrate first: dotnet TicMate.Host.dll migrate",
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } refused => $"The database's user may not do what is needed: {refused.MessageText}.",
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } =>
            "The database does not accept the user and password of DATABASE_URL.",
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } => "The server that DATABASE_URL names has no such database.",
        NpgsqlException { InnerException: SocketException or TimeoutException } => "The PostgreSQL that DATABASE_URL names does not answer.",
        AggregateException many => many.InnerExceptions.Select(Explain).FirstOrDefault(found => found is not null),
        _ => Explain(failure.InnerException),
    };

    /// <summary>Outside Development: refuses a database that could lose what it acknowledged, or that holds the demo accounts.</summary>
    public static async Task CheckDatabaseAsync(this WebApplication app)
    {
        if (app.Environment.IsDevelopment())
            return;

        if (ErasureLedger.FileOf(app.Configuration) is null)
            app.Logger.LogWarning("Erasure:LedgerFile is not set: after a restore of an older backup, people who were erased since are back and nothing says who");

        var store = app.Services.GetRequiredService<IDocumentStore>();
        await using var session = store.QuerySession();
        var facts = await session.QueryAsync<string>(
            """
            select name || '=' || setting from pg_settings where name in ('fsync', 'full_page_writes') and setting = 'off' or name = 'synchronous_commit' and setting in ('off', 'local')
            union all select 'superuser' from pg_roles where rolname = current_user and rolsuper
            """, CancellationToken.None);
        if (facts.FirstOrDefault(fact => fact.Contains('=', StringComparison.Ordinal)) is { } unsafely)
            throw new SettingException($"The database has {unsafely}: after a power failure it may have lost what this service said it had stored. Turn it on.");

        if (facts.Contains("superuser"))
            app.Logger.LogWarning("The service connects to its database as a superuser. Give it a role of its own: docs/operations.md says how");

        var demo = DemoAccounts.All.Select(account => account.Email).ToArray();
        if (await session.Query<PersonalData>().AnyAsync(person => person.EmailKey.IsOneOf(demo)))
            throw new SettingException("The database holds demo accounts, whose passwords everybody knows. Use another database, or delete them first in Development.");
    }

    /// <summary>The folder of this checkout, or of this copy of the published service.</summary>
    public static string DataFolder => LocalPostgres.FolderFor(Checkout);

    /// <summary>Where the solution stands, when we run from a checkout; else where the program stands.</summary>
    public static string Checkout
    {
        get
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
                if (File.Exists(Path.Combine(folder.FullName, "TicMate.sln")))
                    return folder.FullName;

            return AppContext.BaseDirectory;
        }
    }

    /// <summary>A secret made once and kept, readable by its owner alone, so that a restart in Development signs nobody out.</summary>
    public static string KeptSecret()
    {
        var file = Path.Combine(Directory.CreateDirectory(DataFolder).FullName, "jwt-secret");
        if (!File.Exists(file))
        {
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

            using var writer = new StreamWriter($"{file}.{Environment.ProcessId}", options);
            writer.Write(Convert.ToBase64String(RandomNumberGenerator.GetBytes(48)));
            writer.Dispose();
            File.Move($"{file}.{Environment.ProcessId}", file, overwrite: true);
        }

        return File.ReadAllText(file);
    }
}
