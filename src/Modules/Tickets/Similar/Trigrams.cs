using Marten;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace TicMate.Tickets.Similar;

/// <summary>PostgreSQL's pg_trgm, which also sees that misspelt words are alike. Not every server has it, and not every role may turn it on.</summary>
public sealed class Trigrams(IDocumentStore store)
{
    private volatile string? schema;
    private volatile bool isKnown;

    /// <summary>The schema that it is in, ready to be written in a statement; null when there is none.</summary>
    public async ValueTask<string?> SchemaAsync(CancellationToken ct)
    {
        if (isKnown)
            return schema;

        await using var session = store.QuerySession();
        schema = (await session.QueryAsync<string>("select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_trgm'", ct)).SingleOrDefault();
        isKnown = true;
        return schema;
    }

    /// <summary>Turns it on. False when the server does not have it or the role may not.</summary>
    public static async Task<bool> TryCreateAsync(IDocumentStore store, CancellationToken ct)
    {
        try
        {
            await using var connection = store.Storage.Database.CreateConnection();
            await connection.OpenAsync(ct);
            await using var create = new NpgsqlCommand("create extension if not exists pg_trgm", connection);
            await create.ExecuteNonQueryAsync(ct);
            return true;
        }
        // Two nodes that start at once get in each other's way; then the other one has done it.
        catch (PostgresException e)
        {
            return e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DuplicateObject;
        }
    }
}

/// <summary>In Development the service brings its database up to date by itself; elsewhere the command migrate does.</summary>
public sealed class TurnOnTrigrams(IDocumentStore store, Trigrams trigrams, IHostEnvironment environment, ILogger<TurnOnTrigrams> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            if (environment.IsDevelopment())
                await Trigrams.TryCreateAsync(store, stoppingToken);
            if (await trigrams.SchemaAsync(stoppingToken) is null)
                log.LogInformation("The database has no pg_trgm: similar tickets are found by whole words alone, and misspelt ones are missed");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.LogInformation("Whether the database has pg_trgm could not be asked: {Reason}", e.Message);
        }
    }
}
