using Marten;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;
using TicMate.Tickets.Triage;

namespace TicMate.Tickets.Similar;

/// <summary>
/// Walks back through the solved tickets, a few each minute and from the newest again every hour, and has those embedded that are not. One node
/// at a time does. In Development it makes the table first; elsewhere the command migrate does.
/// </summary>
public sealed class EmbedSolvedTickets(
    IDocumentStore store, Vectors vectors, TextEmbedder embedder, TicketEmbeddings embeddings, IOptions<AiOptions> options, IHostEnvironment environment, TimeProvider clock,
    ILogger<EmbedSolvedTickets> log) : BackgroundService
{
    private const int MostLookedAt = 500, MostEmbedded = 100, AtOnce = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1), Round = TimeSpan.FromHours(1);

    private int below = int.MaxValue;
    private DateTimeOffset notBefore = DateTimeOffset.MinValue;

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        if (!embedder.IsOn)
            return;

        using var timer = new PeriodicTimer(Pause, clock);
        var isPrepared = false;
        do
            try
            {
                if (!isPrepared && environment.IsDevelopment())
                    await Vectors.TryCreateAsync(store, options.Value, ct);
                if (!isPrepared && await vectors.SchemaAsync(ct) is null)
                {
                    log.LogInformation("The database has no pgvector, or no table of {Dimensions} numbers for it: similar tickets are found by words alone", Vectors.Dimensions(options.Value));
                    return;
                }

                isPrepared = true;
                if (clock.GetUtcNow() >= notBefore)
                    await LookAsync(ct);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogInformation("Solved tickets were not embedded, and are found by words alone; it is tried again in {Pause}: {Reason}", Pause, e.Message);
            }
        while (await timer.WaitForNextTickAsync(ct));
    }

    /// <summary>One look; how many tickets were embedded.</summary>
    public async Task<int> LookAsync(CancellationToken ct)
    {
        if (await vectors.SchemaAsync(ct) is null)
            return 0;

        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using var turn = await connection.BeginTransactionAsync(ct);
        await using var mine = new NpgsqlCommand($"select pg_try_advisory_xact_lock(hashtextextended('{Vectors.Table}', 25))", connection);
        if (await mine.ExecuteScalarAsync(ct) is not true)
            return 0;

        var seen = await SeenAsync(connection, ct);
        var missing = seen.Where(ticket => !ticket.IsEmbedded).Take(MostEmbedded).ToArray();
        foreach (var some in missing.Chunk(AtOnce))
        {
            await using var session = store.QuerySession();
            try
            {
                await embeddings.EmbedAsync([.. await session.LoadManyAsync<Ticket>(ct, some.Select(ticket => ticket.Id))], TextEmbedder.BackgroundShare, ct);
            }
            // What will not do now will not do in a minute: these wait for the next round, and hold up nobody behind them.
            catch (Exception e) when (e is InvalidAnswerException or ModelUnavailableException { Transient: false, Reason: not AgentState.Budget })
            {
                log.LogInformation("{Count} solved tickets could not be embedded: {Reason}", some.Length, e.Message);
            }

            below = some[^1].Number;
        }

        if (missing.Length < MostEmbedded)
            (below, notBefore) = seen.Count == MostLookedAt ? (seen[^1].Number, notBefore) : (int.MaxValue, clock.GetUtcNow() + Round);
        return missing.Length;
    }

    private async Task<List<(Guid Id, int Number, bool IsEmbedded)>> SeenAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var schema = store.Options.DatabaseSchemaName;
        await using var query = new NpgsqlCommand(
            $"""
            select t.id, t.number, exists (select from {schema}.{Vectors.Table} e where e.ticket_id = t.id and e.model = $2 and e.is_solved)
            from {schema}.mt_doc_ticket t where not t.is_open and t.deleted_at is null and t.number < $1 order by t.number desc limit {MostLookedAt}
            """, connection) { Parameters = { new() { Value = below }, new() { Value = embedder.Model } } };
        await using var rows = await query.ExecuteReaderAsync(ct);
        var seen = new List<(Guid, int, bool)>();
        while (await rows.ReadAsync(ct))
            seen.Add((rows.GetGuid(0), rows.GetInt32(1), rows.GetBoolean(2)));
        return seen;
    }
}
