using System.Text.Json;
using Marten;
using Npgsql;
using Wolverine.Persistence.Durability;
using Wolverine.Persistence.Durability.DeadLetterManagement;
using Wolverine.Runtime;

namespace TicMate.Admin.Operations.DeadLetters;

/// <summary>A message that was given up.</summary>
/// <param name="Queue">Where it will be handled again.</param>
/// <param name="ExceptionMessage">Without what it quotes.</param>
/// <param name="Replays">How often it was tried again after it had been given up.</param>
/// <param name="IsReplaying">It was asked to be tried again, and will be in a moment.</param>
public sealed record DeadLetterView(
    Guid Id, string MessageType, string ExceptionType, string ExceptionMessage, DateTimeOffset? SentAt, DateTimeOffset FailedAt, string Queue)
{
    public int Replays { get; init; }
    public bool IsReplaying { get; init; }
}

/// <summary>What became of a request to try again or to throw away.</summary>
/// <param name="More">There are more than are done at once.</param>
public sealed record Redone(int Count, bool More);

/// <summary>The messages that were given up, and what admins do with them. The fact is stored first, then the deed: a deed without a fact is not possible.</summary>
public sealed class GivenUpMessages(IDocumentStore store, IWolverineRuntime runtime)
{
    private const int Batch = 500, MostBatches = 20;

    // What Wolverine stored before it knew this column has none.
    private const string FailedAt = "coalesce(failed_at, sent_at, 'epoch'::timestamptz)";

    private IDeadLetters Letters => runtime.Storage.DeadLetters;

    /// <summary>One page and one more, so that the caller sees whether there is a next one.</summary>
    public async Task<IReadOnlyList<DeadLetterView>> ListAsync(DeadLetterPage page, CancellationToken ct) => await ReadAsync(
        $"""
        select id, message_type, exception_type, exception_message, sent_at, {FailedAt}, received_at, coalesce(replay_count, 0), coalesce(replayable, false)
        from wolverine.wolverine_dead_letters where {Where} and ($6::timestamptz is null or ({FailedAt}, id) < ($6, $7)) order by {FailedAt} desc, id desc limit $8
        """, page.Filter, row => new DeadLetterView(
            row.GetGuid(0), row.GetString(1), Text(row, 2), Redacted.Text(Text(row, 3)), row.IsDBNull(4) ? null : row.GetFieldValue<DateTimeOffset>(4), row.GetFieldValue<DateTimeOffset>(5), Text(row, 6))
        {
            Replays = row.GetInt32(7), IsReplaying = row.GetBoolean(8),
        }, ct, Value(page.After?.FailedAt), Value(page.After?.Id), page.Limit + 1);

    public async Task<DeadLetterView?> FindAsync(Guid id, CancellationToken ct) => (await ListAsync(new(new DeadLetterFilter { Id = id }, 1), ct)).SingleOrDefault();

    /// <summary>The message itself; null when its type is gone or is no longer what it was.</summary>
    public async Task<object?> MessageAsync(Guid id)
    {
        try
        {
            return await Letters.DeadLetterEnvelopeByIdAsync(id, null) is { Envelope: { Data: not null } envelope } letter
                && ((WolverineRuntime)runtime).Handlers.TryFindMessageType(letter.MessageType, out var type) ? runtime.Options.DefaultSerializer.ReadFromData(type, envelope) : null;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException or EndOfStreamException)
        {
            return null;
        }
    }

    /// <summary>Marks them; the node that looks after the queues takes them up within seconds. What is marked already is not marked again.</summary>
    public Task<Redone> ReplayAsync(DeadLetterFilter filter, string actor, CancellationToken ct) =>
        RedoAsync(filter, "not coalesce(replayable, false)", actor, (id, type) => new DeadLetterReplayed(id, type), query => Letters.ReplayMatchingAsync(query, ct), ct);

    /// <summary>Throws them away; that they were there stays in the log of events.</summary>
    public Task<Redone> DiscardAsync(DeadLetterFilter filter, string actor, CancellationToken ct) =>
        RedoAsync(filter, "true", actor, (id, type) => new DeadLetterDiscarded(id, type), query => Letters.DiscardMatchingAsync(query, ct), ct);

    private async Task<Redone> RedoAsync(
        DeadLetterFilter filter, string and, string actor, Func<Guid, string, object> fact, Func<DeadLetterEnvelopeQuery, Task> deed, CancellationToken ct)
    {
        for (var (count, n) = (0, 0); ; n++)
        {
            var found = n == MostBatches ? [] : await ReadAsync(
                $"select id, message_type from wolverine.wolverine_dead_letters where {Where} and {and} and $6::timestamptz is null and $7::uuid is null order by {FailedAt}, id limit $8",
                filter, row => (Id: row.GetGuid(0), Type: row.GetString(1)), ct, DBNull.Value, DBNull.Value, Batch);
            if (found.Count > 0)
            {
                await using (var session = store.LightweightSession())
                {
                    session.LastModifiedBy = actor;
                    session.Events.StartStream<OperationsAction>(Guid.CreateVersion7(), found.Select(letter => fact(letter.Id, letter.Type)));
                    await session.SaveChangesAsync(ct);
                }

                await deed(new DeadLetterEnvelopeQuery([.. found.Select(letter => letter.Id)]));
                count += found.Count;
            }

            if (found.Count < Batch)
                return new(count, n == MostBatches);
        }
    }

    private const string Where =
        $"($1::uuid is null or id = $1) and ($2::text is null or message_type = $2) and ($3::text is null or exception_type = $3) and ($4::timestamptz is null or {FailedAt} >= $4) and ($5::timestamptz is null or {FailedAt} < $5) and archived_at is null";

    private async Task<IReadOnlyList<T>> ReadAsync<T>(string sql, DeadLetterFilter filter, Func<NpgsqlDataReader, T> read, CancellationToken ct, params object[] more)
    {
        await using var connection = ((DocumentStore)store).Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 5 };
        foreach (var value in (object[])[Value(filter.Id), Value(filter.MessageType), Value(filter.ExceptionType), Value(filter.From?.ToUniversalTime()), Value(filter.To?.ToUniversalTime()), .. more])
            command.Parameters.Add(new() { Value = value });

        List<T> rows = [];
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            rows.Add(read(reader));
        return rows;
    }

    private static object Value<T>(T? value) => value is null ? DBNull.Value : value;

    private static string Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? "" : row.GetString(column);
}
