using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using TicMate.Admin.Audit;
using TicMate.Admin.Operations.Rebuilding;
using TicMate.Tickets;

namespace TicMate.Bench.Fill;

/// <summary>Whether a filled database is what the service would have written: of a small one all, of a large one a sample.</summary>
public sealed class CheckDatabase(string connectionString)
{
    private const int Sample = 200, Models = 72, RebuiltUpTo = 5_000, Links = 20_000;

    private readonly List<string> findings = [];

    public async Task<int> RunAsync(CancellationToken ct)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using var service = new Service(connectionString, isAtWork: false);
        var store = (DocumentStore)service.Store;
        var schema = store.Options.DatabaseSchemaName;
        var sample = await SampleAsync(store, schema, ct);

        await using var scratch = await ScratchDatabase.CreateAsync(connectionString, ct);
        await using (var real = new Service(scratch.ConnectionString, isAtWork: true))
        {
            await using var written = NpgsqlDataSource.Create(scratch.ConnectionString);
            await new ModelTickets(real, Texts.Read(null), new Chance(7)).MakeAsync(Models, ct);
            findings.AddRange((await Shape.OfAsync(database, schema, sample, ct)).NotIn(await Shape.OfAsync(written, schema, null, ct)));
            await DocumentsAsync(store, database, real.Store, written, sample, ct);
        }

        if (await database.NumberAsync($"select count(*) from {schema}.mt_doc_ticket", ct) <= RebuiltUpTo)
            await RebuildAsync(store, ct);
        else
            findings.AddRange(await new SampledRows(store, database).CompareAsync(sample, ct));

        await PositionsAsync(database, store, schema, ct);
        await ChainAsync(service, database, schema, ct);
        foreach (var finding in findings)
            Console.WriteLine(finding);
        Console.WriteLine(findings.Count == 0 ? $"No differences; {sample.Length} tickets were looked at one by one." : $"{findings.Count} differences.");
        return findings.Count == 0 ? 0 : 1;
    }

    // Always the same ones: the smallest hashes.
    private static async Task<Guid[]> SampleAsync(DocumentStore store, string schema, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        return [.. await session.QueryAsync<Guid>($"select id from {schema}.mt_doc_ticket order by hashtextextended(id::text, 0) limit {Sample}", ct)];
    }

    // The events are folded by Marten, and Marten itself writes the result elsewhere: each column must be the same.
    private async Task DocumentsAsync(DocumentStore store, NpgsqlDataSource database, IDocumentStore elsewhere, NpgsqlDataSource written, Guid[] sample, CancellationToken ct)
    {
        await using (var session = elsewhere.LightweightSession())
        await using (var filled = store.QuerySession())
        {
            session.HardDeleteWhere<Ticket>(_ => true);
            await session.SaveChangesAsync(ct);
            foreach (var id in sample)
                if (await filled.Events.AggregateStreamAsync<Ticket>(id, token: ct) is { } ticket)
                    session.UpdateRevision(ticket, ticket.Version);
                else
                    findings.Add($"Ticket {id} has a document and no events.");
            await session.SaveChangesAsync(ct);
        }

        var schema = store.Options.DatabaseSchemaName;
        var (there, expected) = (await RowsAsync(database), await RowsAsync(written));
        foreach (var (id, row) in expected)
            if (there.GetValueOrDefault(id) is var found && found != row)
                findings.Add($"The document of ticket {id} is not what its events say.\n  is        {found}\n  should be {row}");

        async Task<Dictionary<Guid, string>> RowsAsync(NpgsqlDataSource source)
        {
            await using var command = source.CreateCommand($"select id, (to_jsonb(t) - 'mt_last_modified')::text from {schema}.mt_doc_ticket t where id = any($1)");
            command.Parameters.Add(new() { Value = sample });
            await using var row = await command.ExecuteReaderAsync(ct);
            Dictionary<Guid, string> rows = [];
            while (await row.ReadAsync(ct))
                rows[row.GetGuid(0)] = row.GetString(1);
            return rows;
        }
    }

    private async Task RebuildAsync(DocumentStore store, CancellationToken ct)
    {
        foreach (var model in ReadModel.Of(store.Options))
        {
            var parity = model.Document is { } document
                ? await IRebuildSnapshots.Of(store, document).RunAsync(false, (_, _) => Task.CompletedTask, ct)
                : await new RebuildTables(store, model).RunAsync(false, (_, _) => Task.CompletedTask, ct);
            findings.AddRange(parity.Where(table => table.Differences > 0).Select(table => $"{model.Name} differs from what a rebuild makes: {table}"));
        }
    }

    private async Task PositionsAsync(NpgsqlDataSource database, DocumentStore store, string schema, CancellationToken ct)
    {
        await ShouldBeZeroAsync($"select (select max(seq_id) from {schema}.mt_events) - last_value from {schema}.mt_events_sequence", "The sequence of the events is off by");
        await ShouldBeZeroAsync($"select greatest(0, (select max(number) from {schema}.mt_doc_ticket) - last_value) from {schema}.ticket_number", "The sequence of the tickets is behind by");
        await ShouldBeZeroAsync("select count(*) from wolverine.wolverine_incoming_envelopes where status <> 'Handled'", "Messages wait:");
        await ShouldBeZeroAsync($"select count(*) from {schema}.mt_doc_ticket where remind_at <= now()", "Deadlines are due:");
        await ShouldBeZeroAsync($"select count(*) from {schema}.mt_doc_ticket where data -> 'agent' ->> 'state' = 'pending'", "Tickets wait for the agent:");
        await ShouldBeZeroAsync($"select count(*) from {schema}.mt_streams s where version <> (select max(version) from {schema}.mt_events e where e.stream_id = s.id) and s.id = any(select id from {schema}.mt_streams limit 10000)", "Streams of another length than said:");
        if (await new ReadModels(store, database).BehindAsync(ct) is not 0 and var behind)
            findings.Add($"What runs behind the events is behind by {behind}");

        async Task ShouldBeZeroAsync(string sql, string otherwise)
        {
            if (await database.NumberAsync(sql, ct) is not 0 and var number)
                findings.Add($"{otherwise} {number}");
        }
    }

    private async Task ChainAsync(Service service, NpgsqlDataSource database, string schema, CancellationToken ct)
    {
        var verifier = service.Services.GetRequiredService<AuditVerifier>();
        var end = await database.NumberAsync($"select coalesce(max(position), 0) from {schema}.audit_chain", ct);
        foreach (var from in new[] { 1, Math.Max(1, end - Links) })
            if (await verifier.VerifyAsync(from, Links, [], null, ct) is { ExitCode: not 0 } verdict)
                findings.Add($"The audit chain does not hold: {verdict.Reason} {string.Join("; ", verdict.Faults)}");
    }
}
