using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using Marten.Events.Projections;
using Microsoft.Extensions.Hosting;
using Npgsql;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using Weasel.Postgresql;
using Weasel.Postgresql.Functions;
using Weasel.Postgresql.Tables;

namespace TicMate.Tickets.Searching;

/// <summary>
/// The words of each ticket, beside it, so that only a change of text pays for them. They are worked out by the database from the document
/// that the same transaction has just stored, so this must be registered after the ticket's own projection.
/// </summary>
public sealed partial class SearchText : EventProjection, IBuildsBeside
{
    public const string Table = "ticket_text";
    private readonly string command, documents;

    public SearchText(string schema)
        : this(schema, schema)
    {
    }

    private SearchText(string schema, string documents)
    {
        this.documents = documents;
        command = $"insert into {schema}.{Table} (ticket_id, words, created_at, number) select id, {documents}.ticket_words(data), created_at, number from {documents}.mt_doc_ticket where id = ? "
            + "on conflict (ticket_id) do update set words = excluded.words, created_at = excluded.created_at, number = excluded.number";

        var table = new Table(PostgresqlProvider.Instance.Parse($"{schema}.{Table}"));
        table.AddColumn<Guid>("ticket_id").AsPrimaryKey();
        table.AddColumn("words", "tsvector").NotNull();
        table.AddColumn("created_at", "timestamptz");
        table.AddColumn<int>("number");
        table.Indexes.Add(new IndexDefinition("ticket_words") { Columns = ["words"], Method = IndexMethod.gin });
        table.Indexes.Add(new IndexDefinition("texts_by_age") { Columns = ["created_at", "number"] });
        SchemaObjects.Add(table);
        Options.DeleteDataInTableOnTeardown(table.Identifier.QualifiedName);
    }

    // In another schema too, the words are those of the documents here.
    public EventProjection Beside(string schema) => new SearchText(schema, documents);

    public void Project(TicketCreated e, IDocumentOperations operations) => Refresh(operations, e.TicketId);

    public void Project(TicketEdited e, IDocumentOperations operations) => Refresh(operations, e.TicketId);

    public void Project(TicketReplied e, IDocumentOperations operations) => Refresh(operations, e.TicketId);

    public void Project(TicketReplyCorrected e, IDocumentOperations operations) => Refresh(operations, e.TicketId);

    public void Project(TicketReplyWithdrawn e, IDocumentOperations operations) => Refresh(operations, e.TicketId);

    public void Project(TicketWritingErased e, IDocumentOperations operations) => Refresh(operations, e.TicketId);

    public void Project(TicketErased e, IDocumentOperations operations) => Refresh(operations, e.TicketId);

    private void Refresh(IDocumentOperations operations, Guid ticket) => operations.QueueSqlCommand(command, ticket);
}

public static class Search
{
    /// <summary>Says how old their tickets are with the words that were stored before words knew; until then everybody's tickets are not walked by them.</summary>
    public static async Task DateTextsAsync(this IDocumentStore store, CancellationToken ct)
    {
        var schema = store.Options.DatabaseSchemaName;
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using var date = new NpgsqlCommand(
            $"update {schema}.{SearchText.Table} x set created_at = t.created_at, number = t.number from {schema}.mt_doc_ticket t where t.id = x.ticket_id and x.created_at is null", connection) { CommandTimeout = 0 };
        await date.ExecuteNonQueryAsync(ct);
    }

    public static void StoreSearchText(this StoreOptions store)
    {
        var schema = store.DatabaseSchemaName;
        store.Projections.Add(new SearchText(schema), ProjectionLifecycle.Inline);

        // Written as PostgreSQL gives functions back, so that a start finds nothing to change.
        // Text counts as it stands and by its English stems. What goes in is cut, newest replies first, far below the megabyte that
        // PostgreSQL allows for the words of a row.
        store.Storage.ExtendedSchemaObjects.Add(new Function(PostgresqlProvider.Instance.Parse($"{schema}.ticket_words"),
            $"""
            CREATE OR REPLACE FUNCTION {schema}.ticket_words(ticket jsonb) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
            select setweight(to_tsvector('pg_catalog.simple', title), 'A') || setweight(to_tsvector('pg_catalog.english', title), 'A')
                || to_tsvector('pg_catalog.simple', body) || to_tsvector('pg_catalog.english', body)
            from (select left(coalesce(ticket ->> 'title', ''), 1000) as title,
                left(coalesce(ticket ->> 'description', ''), 20000) || ' ' || left(coalesce((select string_agg(reply ->> 'message', ' ' order by nth desc)
                    from jsonb_array_elements(ticket -> 'replies') with ordinality as r(reply, nth)), ''), 50000) as body) texts
            $function$;
            """));

        // All terms must be found, each as it stands or by its stem, and as the beginning of a word. Quoted, a term is never an operator. Where
        // the stem is the beginning of the term, it finds all that the term would: asking for both is twice the work.
        store.Storage.ExtendedSchemaObjects.Add(new Function(PostgresqlProvider.Instance.Parse($"{schema}.ticket_query"),
            $"""
            CREATE OR REPLACE FUNCTION {schema}.ticket_query(terms text[]) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
            select coalesce(string_agg('(' || term::text || ')', ' & '), '')::tsquery
            from (select case when numnode(plain) = 1 and numnode(stem) = 1 and starts_with(plain::text, left(stem::text, -3)) then stem else plain || stem end as term
                from (select to_tsquery('pg_catalog.simple', quoted) as plain, to_tsquery('pg_catalog.english', quoted) as stem
                from (select '''' || replace(replace(term, '\', '\\'), '''', '''''') || ''':*' as quoted from unnest(terms) as term) q) both_ways) queries
            where numnode(term) > 0
            $function$;
            """));
    }
}

/// <summary>In Development the service brings its database up to date by itself; elsewhere the command migrate does.</summary>
public sealed class DateTexts(IDocumentStore store, IHostEnvironment environment, ILogger<DateTexts> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            if (environment.IsDevelopment())
                await store.DateTextsAsync(stoppingToken);
        }
        catch (NpgsqlException e)
        {
            log.LogInformation("Not all texts could be dated; searches for common words take longer: {Reason}", e.Message);
        }
    }
}
