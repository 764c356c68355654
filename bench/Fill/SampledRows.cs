using JasperFx.Events.Projections;
using Marten;
using Marten.Events;
using Npgsql;
using TicMate.Admin.Dashboard;
using TicMate.Admin.Operations.Rebuilding;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Quality;
using TicMate.Tickets.Searching;
using Weasel.Postgresql.Tables;

namespace TicMate.Bench.Fill;

/// <summary>
/// What is too large to be rebuilt: the real projections make the rows of a few tickets beside those that were filled in, and sums over all tickets
/// are compared with the documents.
/// </summary>
public sealed class SampledRows(DocumentStore store, NpgsqlDataSource database)
{
    private readonly string schema = store.Options.DatabaseSchemaName, scratch = ReadModel.ScratchOf(store.Options.DatabaseSchemaName);

    public async Task<IReadOnlyList<string>> CompareAsync(Guid[] sample, CancellationToken ct)
    {
        var quality = new AdviceQualityTables(scratch);
        string[] perTicket = [quality.Proposals, quality.Tickets, new DashboardTables(scratch).Facts, $"{scratch}.{SearchText.Table}"];
        IBuildsBeside[] projections = [new AdviceQualityProjection(schema), new DashboardProjection(schema), new SearchText(schema)];
        var copies = projections.Select(projection => projection.Beside(scratch)).ToArray();
        await ClearAsync();
        foreach (var copy in copies)
        {
            var types = copy.IncludedEventTypes.ToArray();
            await using var session = store.LightweightSession();
            var events = await session.Events.QueryAllRawEvents().Where(e => e.StreamId.IsOneOf(sample) && (types.Length == 0 || e.EventTypesAre(types))).OrderBy(e => e.Sequence).ToListAsync(ct);
            await ((IJasperFxProjection<Marten.IDocumentOperations>)copy).ApplyAsync(session, events, ct);
            await session.SaveChangesAsync(ct);
        }

        List<string> findings = [];
        foreach (var table in perTicket)
            await CountAsync($"select count(*) from (table {table} except select * from {table.Replace(scratch, schema, StringComparison.Ordinal)}) d", $"Rows of {table} that are not so in the filled table:");
        await ClearAsync();

        await CountAsync($"select (select count(*) from {schema}.mt_doc_ticket) - (select count(*) from {schema}.ticket_text)", "Tickets without words:");
        await CountAsync(
            $"""
            select count(*) from (select assignee_id, count(*) as n from {schema}.mt_doc_ticket where is_open and deleted_at is null and assignee_id is not null group by 1) d
            full join (select * from {schema}.workload where open_tickets <> 0) w on w.person_id = d.assignee_id where w.open_tickets is distinct from d.n
            """, "People with another load than their tickets:");
        await CountAsync(
            $"""
            select count(*) from (select status, count(*) as n from {schema}.mt_doc_ticket where deleted_at is null group by 1) d
            full join (select key, n from {schema}.dashboard_stock where kind = 'status' and n > 0) s on s.key = d.status where s.n is distinct from d.n
            """, "States that the dashboard counts otherwise:");
        await CountAsync(
            $"select (select coalesce(sum(n), 0) from {schema}.mt_doc_ticket t cross join lateral (select count(*) as n from jsonb_array_elements(t.data -> 'proposals')) p)::bigint - (select count(*) from {schema}.ai_proposals)", "Proposals too few or too many:");
        await CountAsync($"select ((select sum(proposed) from {schema}.ai_quality where skill = '') - (select count(*) from {schema}.ai_proposals))::bigint", "Proposals that the sums do not count:");
        return findings;

        async Task CountAsync(string sql, string otherwise)
        {
            if (await database.NumberAsync(sql, ct) is not 0 and var number)
                findings.Add($"{otherwise} {number}");
        }

        async Task ClearAsync()
        {
            foreach (var table in copies.SelectMany(copy => copy.SchemaObjects.OfType<Table>()))
                await database.ExecuteAsync($"delete from {table.Identifier.QualifiedName}", ct);
        }
    }
}
