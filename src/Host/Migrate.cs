using JasperFx;
using Marten;
using Microsoft.Extensions.Options;
using Npgsql;
using TicMate.Tickets.Searching;
using TicMate.Tickets.Similar;
using TicMate.Tickets.Triage;
using Wolverine.Runtime;

namespace TicMate.Host;

/// <summary>
/// The command <c>migrate</c>: brings the database up to this version. In Production the service itself changes no table, so this comes
/// first, and may connect as a mightier role than the service does.
/// </summary>
public static class Migrate
{
    public const string Key = "ConnectionStrings:Migrate";

    /// <summary>Where the service's own connection string is kept while <see cref="Key"/> stands in for it.</summary>
    public const string ServiceKey = "Migrate:ServiceConnection";

    private static readonly string[] Schemas = ["ticmate", "ticmate_rebuild", "wolverine"];

    public static bool IsAskedFor(string[] args) => args.FirstOrDefault() == "migrate";

    /// <summary>Whether the command makes tables, as <see cref="Key"/>'s role if one is named.</summary>
    public static bool MayChangeTables(string[] args) => IsAskedFor(args) || args.FirstOrDefault() == RestoreCommand.Name;

    public static async Task<int> RunAsync(WebApplication app)
    {
        var store = app.Services.GetRequiredService<IDocumentStore>();
        await store.Storage.ApplyAllConfiguredChangesToDatabaseAsync(AutoCreate.CreateOrUpdate);
        await app.Services.GetRequiredService<IWolverineRuntime>().Storage.Admin.MigrateAsync();
        await store.DateTextsAsync(CancellationToken.None);
        if (!await Trigrams.TryCreateAsync(store, CancellationToken.None))
            Console.WriteLine("Without the extension pg_trgm: it is not installed on the server, or this role may not create it. Similar tickets are found by whole words alone.");
        var ai = app.Services.GetRequiredService<IOptions<AiOptions>>().Value;
        if (ai.EmbeddingModel.Length > 0 && !await Vectors.TryCreateAsync(store, ai, CancellationToken.None))
            Console.WriteLine("Without the extension vector (pgvector): it is not installed on the server, or this role may not create it. Similar tickets are found by words alone.");
        await LetServiceInAsync(app.Configuration);
        Console.WriteLine("The database is up to date.");
        return 0;
    }

    // What the mightier role made belongs to it; the service's own role reads and writes rows, and no more.
    private static async Task LetServiceInAsync(IConfiguration configuration)
    {
        var own = new NpgsqlConnectionStringBuilder(configuration.GetConnectionString("Database"));
        if (configuration[ServiceKey] is not { Length: > 0 } given || new NpgsqlConnectionStringBuilder(given).Username is not { Length: > 0 } service || service == own.Username)
            return;

        await using var database = NpgsqlDataSource.Create(own);
        var role = $"\"{service.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        foreach (var schema in Schemas)
        {
            await using var grant = database.CreateCommand($"""
                grant usage on schema {schema} to {role};
                grant select, insert, update, delete on all tables in schema {schema} to {role};
                grant usage, select on all sequences in schema {schema} to {role};
                grant execute on all functions in schema {schema} to {role};
                """);
            await grant.ExecuteNonQueryAsync();
        }
    }
}
