using System.Security.Cryptography;
using System.Text;
using Marten;
using Npgsql;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Triage;

namespace TicMate.Tickets.Similar;

/// <summary>What a text means, as the model says, and how that is compared.</summary>
/// <param name="Schema">Where the extension is.</param>
/// <param name="Model">Vectors of different models have nothing to do with each other.</param>
public sealed record Meaning(string Schema, string Model, float[] Vector);

/// <summary>Keeps what tickets mean, so that each text is paid for once.</summary>
public sealed class TicketEmbeddings(IDocumentStore store, Vectors vectors, TextEmbedder embedder, TimeProvider clock, ILogger<TicketEmbeddings> log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2), Rest = TimeSpan.FromMinutes(1);
    private readonly string table = $"{store.Options.DatabaseSchemaName}.{Vectors.Table}", tickets = $"{store.Options.DatabaseSchemaName}.mt_doc_ticket";
    private long notBefore;

    /// <summary>
    /// What a text means, for somebody who waits: null after two seconds, and for a minute after a failure. A ticket's is looked up first, and kept.
    /// </summary>
    public async Task<Meaning?> OfAsync(Likeness like, CancellationToken ct)
    {
        if (await vectors.SchemaAsync(ct) is not { } schema)
            return null;

        var (sent, kept) = (TextEmbedder.Sent(like.Title, like.Description), (float[]?)null);
        if (like.Except is { } known && (kept = await KeptAsync(known, sent, ct)) is not null)
            return new(schema, embedder.Model, kept);
        if (clock.GetUtcNow().UtcTicks < Interlocked.Read(ref notBefore) || string.IsNullOrWhiteSpace(sent))
            return null;

        using var soon = CancellationTokenSource.CreateLinkedTokenSource(ct);
        soon.CancelAfter(Patience);
        try
        {
            var vector = (await embedder.EmbedAsync([sent], like.Except, TextEmbedder.Share, soon.Token))[0];
            if (like.Except is { } ticket)
                await KeepAsync(schema, ticket, like.Title, like.Description, vector, ct);
            return new(schema, embedder.Model, vector);
        }
        catch (Exception e) when (e is ModelUnavailableException or InvalidAnswerException or HeldException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            Interlocked.Exchange(ref notBefore, (clock.GetUtcNow() + Rest).UtcTicks);
            log.LogInformation("Similar tickets are found by words alone for a minute: {Reason}", e is OperationCanceledException ? "the model took too long" : e.Message);
            return null;
        }
    }

    /// <summary>Has the meaning of solved tickets at hand; asks the model, once, for those that it does not know.</summary>
    public async Task EmbedAsync(IReadOnlyList<Ticket> solved, double share, CancellationToken ct)
    {
        if (await vectors.SchemaAsync(ct) is not { } schema)
            return;

        var missing = new List<(Ticket Ticket, string Sent)>();
        foreach (var (ticket, sent) in solved.Where(MayBeEmbedded).Select(t => (t, TextEmbedder.Sent(t.Title, t.Description))))
            if (sent.Trim().Length > 0 && await ChangeAsync($"update {table} set is_solved = true where ticket_id = $1 and model = $2 and text_hash = $3", ct, ticket.Id, embedder.Model, Hash(sent)) == 0)
                missing.Add((ticket, sent));
        if (missing.Count == 0)
            return;

        var embedded = await embedder.EmbedAsync([.. missing.Select(m => m.Sent)], missing.Count == 1 ? missing[0].Ticket.Id : null, share, ct);
        foreach (var ((ticket, _), vector) in missing.Zip(embedded))
            await KeepAsync(schema, ticket.Id, ticket.Title, ticket.Description, vector, ct);
    }

    /// <summary>It has words, and they may help others.</summary>
    public static bool MayBeEmbedded(Ticket ticket) => ticket is { IsOpen: false, IsErased: false, DeletedAt: null, MergedInto: null };

    /// <summary>Tells two texts apart, without being one.</summary>
    public static string Hash(string sent) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sent)));

    // The call took its time: only if the ticket still has these words, which whoever erases them must wait to change.
    private Task<int> KeepAsync(string schema, Guid ticketId, string title, string description, float[] vector, CancellationToken ct) => ChangeAsync(
        $"""
        insert into {table} (ticket_id, model, text_hash, is_solved, embedding)
        select t.id, $2, $3, not t.is_open, $4::real[]::{schema}.vector from {tickets} t
        where t.id = $1 and t.data ->> 'title' = $5 and t.data ->> 'description' = $6 and t.data ->> 'isErased' is distinct from 'true' for share of t
        on conflict (ticket_id) do update set model = excluded.model, text_hash = excluded.text_hash, is_solved = excluded.is_solved, embedding = excluded.embedding
        """, ct, ticketId, embedder.Model, Hash(TextEmbedder.Sent(title, description)), vector, title, description);

    private async Task<float[]?> KeptAsync(Guid ticketId, string sent, CancellationToken ct)
    {
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using var query = Command(connection, $"select embedding::real[] from {table} where ticket_id = $1 and model = $2 and text_hash = $3", [ticketId, embedder.Model, Hash(sent)]);
        return await query.ExecuteScalarAsync(ct) as float[];
    }

    private async Task<int> ChangeAsync(string sql, CancellationToken ct, params object[] values)
    {
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using var command = Command(connection, sql, values);
        return await command.ExecuteNonQueryAsync(ct);
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, object[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return command;
    }
}
