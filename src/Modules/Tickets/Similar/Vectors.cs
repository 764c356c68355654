using Marten;
using Microsoft.Extensions.Options;
using Npgsql;
using TicMate.Tickets.Triage;

namespace TicMate.Tickets.Similar;

/// <summary>
/// PostgreSQL's pgvector, and the table of what each ticket means to the model. Both are there only where the server has the extension and a
/// model is named, so the table is not among those that every database must have.
/// </summary>
public sealed class Vectors(IDocumentStore store, IOptions<AiOptions> options)
{
    public const string Table = "ticket_embeddings";

    private volatile string? schema;
    private volatile bool isKnown;

    public static int Dimensions(AiOptions options) => options.EmbeddingDimensions ?? AiOptions.DefaultDimensions;

    /// <summary>The schema that the extension is in, ready to be written in a statement; null when tickets are found by words alone.</summary>
    public async ValueTask<string?> SchemaAsync(CancellationToken ct)
    {
        if (isKnown || !options.Value.Embeds)
            return schema;

        await using var session = store.QuerySession();
        schema = (await session.QueryAsync<string>(
            """
            select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace
            where e.extname = 'vector' and exists (select from pg_attribute where attrelid = to_regclass(?) and attname = 'embedding' and atttypmod = ?)
            """, ct, $"{store.Options.DatabaseSchemaName}.{Table}", Dimensions(options.Value))).SingleOrDefault();
        isKnown = true;
        return schema;
    }

    /// <summary>Makes both. False when the server has no such extension or the role may not.</summary>
    public static async Task<bool> TryCreateAsync(IDocumentStore store, AiOptions options, CancellationToken ct)
    {
        try
        {
            await using var connection = store.Storage.Database.CreateConnection();
            await connection.OpenAsync(ct);
            await using var exists = new NpgsqlCommand("select exists (select from pg_available_extensions where name = 'vector')", connection);
            if (await exists.ExecuteScalarAsync(ct) is not true)
                return false;

            await using var create = new NpgsqlCommand(Ddl(store.Options.DatabaseSchemaName, Dimensions(options)), connection);
            await create.ExecuteNonQueryAsync(ct);
            return true;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.UndefinedFile or PostgresErrorCodes.UndefinedObject)
        {
            return false;
        }
    }

    // One transaction, one node at a time. Vectors of another length are of no use any more, and can be had again.
    private static string Ddl(string schema, int dimensions) => $"""
        do $$ declare vectors text; begin
            perform pg_advisory_xact_lock(hashtextextended('{Table}', 24));
            create extension if not exists vector;
            select quote_ident(n.nspname) into vectors from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector';
            create schema if not exists {schema};
            if exists (select from pg_attribute where attrelid = to_regclass('{schema}.{Table}') and attname = 'embedding' and atttypmod <> {dimensions}) then
                drop table {schema}.{Table};
            end if;
            execute format('create table if not exists {schema}.{Table} (ticket_id uuid primary key, model text not null, text_hash text not null, is_solved boolean not null, '
                'embedding %s.vector({dimensions}) not null)', vectors);
            execute format('create index if not exists solved_ticket_embeddings on {schema}.{Table} using hnsw (embedding %s.vector_cosine_ops) where is_solved', vectors);
        end $$
        """;

    /// <summary>Whether there is anything to forget: the table may be there though the model is not any more.</summary>
    public static async Task<bool> AreKeptAsync(IQuerySession session, CancellationToken ct) =>
        (await session.QueryAsync<bool>("select to_regclass(?) is not null", ct, $"{session.DocumentStore.Options.DatabaseSchemaName}.{Table}"))[0];

    /// <summary>
    /// Forgets what a ticket meant when the session is saved. The ticket is locked first: whoever is about to keep its meaning waits, and then finds
    /// other words there.
    /// </summary>
    public static void Forget(IDocumentSession session, Guid ticketId)
    {
        var schema = session.DocumentStore.Options.DatabaseSchemaName;
        session.QueueSqlCommand($"update {schema}.mt_doc_ticket set id = id where id = ?", ticketId);
        session.QueueSqlCommand($"delete from {schema}.{Table} where ticket_id = ?", ticketId);
    }
}

/// <summary>Whether this database keeps what tickets mean.</summary>
public sealed record MeaningsKept(bool Are);
