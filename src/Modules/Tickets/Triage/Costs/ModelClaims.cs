using Marten;
using Weasel.Postgresql;
using Weasel.Postgresql.Tables;

namespace TicMate.Tickets.Triage.Costs;

/// <summary>
/// Who asks a model about a round of a ticket holds a row of its own before the call. A message that comes again after a crash finds it held, and
/// nobody knows whether the call was paid for: so it does not pay again.
/// </summary>
public sealed class ModelClaims(IDocumentStore store, TimeProvider clock)
{
    private const string Name = "ai_claims";

    public static Table TableIn(string schema)
    {
        var table = new Table(PostgresqlProvider.Instance.Parse($"{schema}.{Name}"));
        table.AddColumn<Guid>("ticket_id").AsPrimaryKey();
        table.AddColumn<int>("round").AsPrimaryKey();
        table.AddColumn<bool>("is_held").NotNull();
        table.AddColumn<DateTimeOffset>("at").NotNull();
        return table;
    }

    /// <summary>False when the round is held: it is being asked about, or whoever did has not lived to say what came of it.</summary>
    public async Task<bool> TakeAsync(Guid ticketId, int round, CancellationToken ct) => await ChangeAsync(
        $"insert into {table} as c (ticket_id, round, is_held, at) values ($1, $2, true, $3) on conflict (ticket_id, round) do update set is_held = true, at = excluded.at where not c.is_held",
        ct, ticketId, round, clock.GetUtcNow()) == 1;

    /// <summary>The call failed in a way that may pass: the next try may ask again.</summary>
    public Task GiveBackAsync(Guid ticketId, int round, CancellationToken ct) =>
        ChangeAsync($"update {table} set is_held = false where ticket_id = $1 and round = $2", ct, ticketId, round);

    /// <summary>Rows so old that no message of theirs can still be under way.</summary>
    public Task SweepAsync(CancellationToken ct) => ChangeAsync($"delete from {table} where at < $1", ct, clock.GetUtcNow() - TimeSpan.FromDays(7));

    private readonly string table = $"{store.Options.DatabaseSchemaName}.{Name}";

    // Not in anybody's transaction: the row stands before the call, whatever becomes of the message.
    private async Task<int> ChangeAsync(string sql, CancellationToken ct, params object[] values)
    {
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var value in values)
            command.Parameters.AddWithValue(value);
        return await command.ExecuteNonQueryAsync(ct);
    }
}
