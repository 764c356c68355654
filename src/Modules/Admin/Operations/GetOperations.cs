using System.Diagnostics;
using Marten;
using Npgsql;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using Wolverine;
using Wolverine.Runtime;

namespace TicMate.Admin.Operations;

/// <param name="LastHealthCheck">When it last said that it lives; now, for a single node.</param>
public sealed record NodeView(int Number, DateTimeOffset Since, DateTimeOffset LastHealthCheck, bool IsLeader);

/// <param name="Waiting">Messages that send a mail and have not yet.</param>
public sealed record MailView(string Transport, DateTimeOffset? LastSuccess, DateTimeOffset? LastFailure, int? LastFailureStatus, long Waiting);

/// <param name="LongTransactions">How many are open for more than a minute.</param>
public sealed record DatabaseView(string Version, long Bytes, int Connections, int MaxConnections, int LongTransactions, double? LongestTransactionSeconds);

/// <param name="HeldSince">Since when a restored copy waits for the command <c>resume</c>; null where nothing is held.</param>
public sealed record OperationsAnswer(
    IReadOnlyList<NodeView> Nodes, IReadOnlyList<QueueBacklog> Queues, IReadOnlyList<DeadLetterCount> DeadLetters, IReadOnlyList<ProjectionLag> Projections,
    AdvisorState Ai, MailView Mail, DatabaseView Database, DateTimeOffset? HeldSince) : Answer;

public static class GetOperationsEndpoint
{
    public static ProblemDetails Validate(HttpContext http) => Without.Parameters(http.Request.Query);

    [Authorize(Roles = Roles.Admin), WolverineGet("/api/admin/operations")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403)]
    public static async Task<OperationsAnswer> Get(Backlogs backlogs, RunningNodes nodes, IAdvisorState advisor, IMailState mail, Held held, CancellationToken ct)
    {
        var (backlog, mailing) = (await backlogs.ReadAsync(ct), mail.Now);
        return new(
            await nodes.ReadAsync(ct), backlog.Queues, backlog.DeadLetters, backlog.Projections, await advisor.ReadAsync(ct),
            new(mailing.Transport, mailing.LastSuccess, mailing.LastFailure, mailing.LastFailureStatus, backlog.Mails), await nodes.DatabaseAsync(ct),
            await held.SinceAsync(ct));
    }
}

/// <summary>The processes of this service, and the database that they share.</summary>
public sealed class RunningNodes(IDocumentStore store, IWolverineRuntime runtime, TimeProvider clock)
{
    private readonly DateTimeOffset since = Process.GetCurrentProcess().StartTime.ToUniversalTime();

    /// <summary>A node that runs alone writes itself down nowhere.</summary>
    public async Task<IReadOnlyList<NodeView>> ReadAsync(CancellationToken ct)
    {
        var nodes = await ReadAsync(
            """
            select n.node_number, n.started, n.health_check, exists (select from wolverine.wolverine_node_assignments a where a.node_id = n.id and a.id like 'wolverine://leader%')
            from wolverine.wolverine_nodes n order by n.node_number limit 1000
            """, row => new NodeView(row.GetInt32(0), row.GetFieldValue<DateTimeOffset>(1), row.GetFieldValue<DateTimeOffset>(2), row.GetBoolean(3)), ct);
        return runtime.Options.Durability.Mode is DurabilityMode.Solo ? [new(runtime.Options.Durability.AssignedNodeNumber, since, clock.GetUtcNow(), true)] : nodes;
    }

    public async Task<DatabaseView> DatabaseAsync(CancellationToken ct) => (await ReadAsync(
        """
        select current_setting('server_version'), pg_database_size(current_database()), count(*)::int, current_setting('max_connections')::int,
            (count(*) filter (where xact_start < now() - interval '1 minute'))::int, extract(epoch from max(now() - xact_start) filter (where xact_start < now() - interval '1 minute'))::float8
        from pg_stat_activity where datname = current_database() and backend_type = 'client backend'
        """, row => new DatabaseView(row.GetString(0), row.GetInt64(1), row.GetInt32(2), row.GetInt32(3), row.GetInt32(4), row.IsDBNull(5) ? null : row.GetDouble(5)), ct))[0];

    private async Task<IReadOnlyList<T>> ReadAsync<T>(string sql, Func<NpgsqlDataReader, T> read, CancellationToken ct)
    {
        await using var connection = ((DocumentStore)store).Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 5 };
        List<T> rows = [];
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            rows.Add(read(reader));
        return rows;
    }
}
