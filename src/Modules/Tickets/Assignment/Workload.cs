using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using Weasel.Postgresql;
using Weasel.Postgresql.Tables;
using Wolverine.Marten;

namespace TicMate.Tickets.Assignment;

/// <summary>
/// How many open tickets each person has, kept as a counter, so that assigning costs the same with ten tickets and with a million.
/// Increments in SQL commute: two tickets completed at once both count.
/// </summary>
public sealed partial class WorkloadProjection : EventProjection, IBuildsBeside
{
    public const string Table = "workload";
    private const string TurnedAwayColumn = "turned_away";
    private readonly string table;

    public static string TableOf(IQuerySession session) => $"{session.DocumentStore.Options.DatabaseSchemaName}.{Table}";

    public WorkloadProjection(string schema)
    {
        table = $"{schema}.{Table}";
        var definition = new Table(PostgresqlProvider.Instance.Parse(table));
        definition.AddColumn<Guid>("person_id").AsPrimaryKey();
        definition.AddColumn<int>("open_tickets").NotNull().DefaultValue(0);
        definition.AddColumn<DateTimeOffset>("last_assigned_at").NotNull();
        definition.AddColumn<bool>(TurnedAwayColumn).NotNull().DefaultValueByExpression("false");
        SchemaObjects.Add(definition);
        Options.DeleteDataInTableOnTeardown(definition.Identifier.QualifiedName);
    }

    public EventProjection Beside(string schema) => new WorkloadProjection(schema);

    public IReadOnlyCollection<string> NotFromEvents => [TurnedAwayColumn];

    public void Project(IEvent<TicketAssigned> e, IDocumentOperations operations)
    {
        if (e.Data.IsOpen)
            Change(operations, e.Data.PreviousId, -1);

        operations.QueueSqlCommand(
            $"insert into {table} as w (person_id, open_tickets, last_assigned_at) values (?, ?, ?) on conflict (person_id) do update set open_tickets = w.open_tickets + excluded.open_tickets, last_assigned_at = greatest(w.last_assigned_at, excluded.last_assigned_at)",
            e.Data.AssigneeId, e.Data.IsOpen ? 1 : 0, e.Timestamp);
    }

    public void Project(TicketUnassigned e, IDocumentOperations operations) => Change(operations, e.PreviousId, e.IsOpen ? -1 : 0);

    public void Project(TicketStatusChanged e, IDocumentOperations operations) =>
        Change(operations, e.AssigneeId, (e.To is Status.Completed ? -1 : 0) + (e.From is Status.Completed ? 1 : 0));

    public void Project(TicketDeleted e, IDocumentOperations operations) => Change(operations, e.FreedId, -1);

    public void Project(TicketRestored e, IDocumentOperations operations) => Change(operations, e.TakenUpId, 1);

    public void Project(TicketMerged e, IDocumentOperations operations) => Change(operations, e.FreedId, -1);

    public void Project(TicketUnmerged e, IDocumentOperations operations) => Change(operations, e.TakenUpId, 1);

    private void Change(IDocumentOperations operations, Guid? person, int by)
    {
        if (person is not null && by != 0)
            operations.QueueSqlCommand($"update {table} set open_tickets = open_tickets + ? where person_id = ?", by, person);
    }
}

/// <summary>These people would have got a ticket that nobody got, had they had room: when they have, waiting tickets are handed out again.</summary>
public sealed record TurnedAway(params Guid[] People) : IMartenOp
{
    public void Execute(IDocumentSession session)
    {
        if (People.Length > 0)
            session.QueueSqlCommand($"update {WorkloadProjection.TableOf(session)} set turned_away = true where person_id = any(?)", People);
    }
}

/// <summary>What waits is about to be offered to this person.</summary>
public sealed record Offered(Guid PersonId) : IMartenOp
{
    public void Execute(IDocumentSession session) =>
        session.QueueSqlCommand($"update {WorkloadProjection.TableOf(session)} set turned_away = false where person_id = ? and turned_away", PersonId);
}

public static class Candidates
{
    /// <summary>
    /// The staff with their load, while nobody else assigns: until this session's transaction ends no other automatic assignment can
    /// count, on any node.
    /// </summary>
    public static async Task<Candidate[]> HoldAsync(IDocumentSession session, CancellationToken ct)
    {
        await TakeTurnAsync(session, ct);
        return await ReadAsync(session, ct);
    }

    /// <summary>The same where it is known who the staff are, and what is needed: when nobody has any of it, no load matters and nobody has to wait.</summary>
    public static async Task<Candidate[]> HoldAsync(IDocumentSession session, IReadOnlyList<User> staff, string[] skills, CancellationToken ct)
    {
        if (!staff.Any(person => SkillMatch.Matched(person.Skills, skills).Length > 0))
            return [.. staff.Select(person => new Candidate(person, 0, null))];

        await TakeTurnAsync(session, ct);
        return await ReadAsync(session, staff, ct);
    }

    /// <summary>The staff with their load of this moment.</summary>
    public static async Task<Candidate[]> ReadAsync(IQuerySession session, CancellationToken ct) => await ReadAsync(session, await session.StaffAsync(ct), ct);

    private static async Task<Candidate[]> ReadAsync(IQuerySession session, IReadOnlyList<User> staff, CancellationToken ct)
    {
        var schema = session.DocumentStore.Options.DatabaseSchemaName;
        var loads = await session.AdvancedSql.QueryAsync<Guid, int, DateTimeOffset>(
            $"select row(person_id), row(open_tickets), row(last_assigned_at) from {schema}.{WorkloadProjection.Table}", ct);
        var load = loads.ToDictionary(l => l.Item1);

        return [.. staff.Select(person => load.TryGetValue(person.Id, out var l) ? new Candidate(person, l.Item2, l.Item3) : new Candidate(person, 0, null))];
    }

    private static async Task TakeTurnAsync(IDocumentSession session, CancellationToken ct)
    {
        await session.BeginTransactionAsync(ct);
        await session.QueryAsync<int>("select 1 from (select pg_advisory_xact_lock(?)) locked", ct, AssignmentLock);
    }

    private const long AssignmentLock = 0x7469636d617465; // "ticmate"
}
