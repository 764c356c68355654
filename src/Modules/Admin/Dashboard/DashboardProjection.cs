using System.Text.Json;
using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using Marten.Events.Projections;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using Weasel.Postgresql;
using Weasel.Postgresql.Tables;

namespace TicMate.Admin.Dashboard;

/// <summary>
/// Keeps the numbers of the dashboard, from the events alone. It takes a page of events at once: reads what it knows of their tickets and
/// accounts, folds the events into that, and writes the sums, so that its work per event is small and its writes are few.
/// </summary>
public sealed class DashboardProjection : EventProjection, IJasperFxProjection<IDocumentOperations>, IBuildsBeside
{
    /// <summary>How far it has come is stored under this name: under another one it would count everything a second time.</summary>
    public const string ProjectionName = "Dashboard";

    private static readonly Type[] OfTickets =
    [
        typeof(TicketCreated), typeof(TicketEdited), typeof(TicketPrioritised), typeof(TicketSkillsRecorded), typeof(TicketTriaged), typeof(TicketProposalAccepted),
        typeof(TicketProposalRejected), typeof(TicketTriageUndone), typeof(TicketDeadlineMoved), typeof(TicketAssigned), typeof(TicketUnassigned), typeof(TicketStatusChanged),
        typeof(TicketReplied), typeof(TicketMerged), typeof(TicketUnmerged), typeof(TicketDeleted), typeof(TicketRestored), typeof(TicketWritingErased), typeof(TicketErased),
    ];

    private static readonly Type[] OfAccounts =
        [typeof(UserRegistered), typeof(UserInvited), typeof(RoleChanged), typeof(UserDeactivated), typeof(UserActivated), typeof(UserErased)];

    private readonly DashboardTables tables;

    public DashboardProjection(string schema)
    {
        Name = ProjectionName;
        tables = new(schema);
        foreach (var type in OfTickets.Concat(OfAccounts))
            IncludeType(type);
        foreach (var table in tables.Definitions())
        {
            SchemaObjects.Add(table);
            Options.DeleteDataInTableOnTeardown(table.Identifier.QualifiedName);
        }
    }

    public EventProjection Beside(string schema) => new DashboardProjection(schema);

    /// <summary>Never called by the daemon, which gives whole pages; one event alone could not see what the one before it left to be written.</summary>
    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent e, CancellationToken cancellation) =>
        throw new NotSupportedException("The dashboard counts pages of events.");

    async Task IJasperFxProjection<IDocumentOperations>.ApplyAsync(IDocumentOperations operations, IReadOnlyList<IEvent> events, CancellationToken cancellation)
    {
        var told = events.Where(e => OfTickets.Contains(e.Data.GetType()) || OfAccounts.Contains(e.Data.GetType())).ToArray();
        if (told.Length == 0)
            return;

        var ids = told.Select(e => e.StreamId).Distinct().ToArray();
        var known = await operations.AdvancedSql.QueryAsync<Guid, bool, string>(
            $"select row(id), row(is_ticket), row(data::text) from {tables.Facts} where id = any(?)", cancellation, ids);
        var days = await operations.AdvancedSql.QueryAsync<int>($"select day from {tables.State}", cancellation);
        var tickets = known.Where(k => k.Item2).ToDictionary(k => k.Item1, k => DashboardTables.Read<TicketFacts>(k.Item3));
        var accounts = known.Where(k => !k.Item2).ToDictionary(k => k.Item1, k => DashboardTables.Read<AccountFacts>(k.Item3));

        var changes = new Changes(DateOnly.FromDayNumber(days.SingleOrDefault()));
        var erased = new HashSet<string>();
        foreach (var e in told)
            if (OfTickets.Contains(e.Data.GetType()))
            {
                var before = tickets.GetValueOrDefault(e.StreamId);
                if (TicketFacts.After(before, e) is not { } after)
                    continue;

                tickets[e.StreamId] = after;
                changes.Add(e.Timestamp, before?.Tallies() ?? [], after.Tallies());
                if (e.Data is TicketErased or TicketWritingErased && before!.Category != after.Category)
                    erased.Add(before.Category);
            }
            else
            {
                var before = accounts.GetValueOrDefault(e.StreamId);
                if (AccountFacts.After(before, e) is not { } after)
                    continue;

                accounts[e.StreamId] = after;
                changes.Add(e.Timestamp, before?.Tallies() ?? [], after.Tallies());
            }

        Write(operations, changes);
        WriteFacts(operations, tickets, true);
        WriteFacts(operations, accounts, false);

        // Words of somebody who is gone stay only where others use them as well.
        if (erased.Count > 0)
            operations.QueueSqlCommand(
                $"delete from {tables.Stock} old where kind = ? and key = any(?) and not exists (select from {tables.Stock} s where s.kind = old.kind and s.key = old.key and s.until is null)",
                StockKind.Category, erased.ToArray());
    }

    private void Write(IDocumentOperations operations, Changes changes)
    {
        operations.QueueSqlCommand($"insert into {tables.State} (id, day) values (1, ?) on conflict (id) do update set day = excluded.day", changes.Day.DayNumber);

        if (changes.Flows.ToArray() is { Length: > 0 } flows)
            operations.QueueSqlCommand(
                $"""
                insert into {tables.Flow} as f (span, kind, key, bin, bucket, n, part)
                select * from unnest(?::int[], ?::text[], ?::text[], ?::int[], ?::int[], ?::bigint[], ?::bigint[])
                on conflict (kind, span, bucket, key, bin) do update set n = f.n + excluded.n, part = f.part + excluded.part
                """,
                flows.Select(f => f.Span).ToArray(), flows.Select(f => f.Counter.Kind).ToArray(), flows.Select(f => f.Counter.Key).ToArray(), flows.Select(f => f.Counter.Bin).ToArray(),
                flows.Select(f => f.Counter.Bucket).ToArray(), flows.Select(f => f.By.Count).ToArray(), flows.Select(f => f.By.Part).ToArray());

        if (changes.Late.ToArray() is { Length: > 0 } late)
            operations.QueueSqlCommand(
                $"""
                insert into {tables.Late} as l (day, kind, key, bin, bucket, n, part)
                select date '0001-01-01' + d, kind, key, bin, bucket, n, part
                from unnest(?::int[], ?::text[], ?::text[], ?::int[], ?::int[], ?::bigint[], ?::bigint[]) as t(d, kind, key, bin, bucket, n, part)
                on conflict (kind, day, bucket, key, bin) do update set n = l.n + excluded.n, part = l.part + excluded.part
                """,
                late.Select(l => l.Day.DayNumber).ToArray(), late.Select(l => l.Counter.Kind).ToArray(), late.Select(l => l.Counter.Key).ToArray(),
                late.Select(l => l.Counter.Bin).ToArray(), late.Select(l => l.Counter.Bucket).ToArray(), late.Select(l => l.By.Count).ToArray(), late.Select(l => l.By.Part).ToArray());

        foreach (var (day, counters) in changes.Stocks)
            WriteStock(operations, day, counters);
    }

    // What stood until a day keeps its row, ended by that day: so what stood on any day can be read without adding anything up.
    private void WriteStock(IDocumentOperations operations, DateOnly day, IReadOnlyDictionary<Counter, Sum> counters)
    {
        var (kinds, keys, buckets) = (counters.Select(c => c.Key.Kind).ToArray(), counters.Select(c => c.Key.Key).ToArray(), counters.Select(c => c.Key.Bucket).ToArray());
        operations.QueueSqlCommand(
            $"""
            with change as (select * from unnest(?::text[], ?::text[], ?::int[], ?::text[], ?::bigint[], ?::bigint[]) as c(kind, key, bucket, label, n, part)),
            result as (
                select c.kind, c.key, c.bucket, coalesce(s.label, c.label) as label, coalesce(s.n, 0) + c.n as n, coalesce(s.part, 0) + c.part as part
                from change c left join {tables.Stock} s on s.kind = c.kind and s.key = c.key and s.bucket = c.bucket and s.until is null),
            ended as (
                update {tables.Stock} s set until = ? from change c
                where s.kind = c.kind and s.key = c.key and s.bucket = c.bucket and s.until is null and s.since < ?)
            insert into {tables.Stock} (kind, key, bucket, label, since, n, part) select kind, key, bucket, label, ?, n, part from result
            on conflict (kind, key, bucket, since) do update set n = excluded.n, part = excluded.part
            """,
            kinds, keys, buckets, counters.Select(c => c.Value.Label).ToArray(), counters.Select(c => c.Value.Count).ToArray(), counters.Select(c => c.Value.Part).ToArray(), day, day, day);
        operations.QueueSqlCommand(
            $"""
            delete from {tables.Stock} s using unnest(?::text[], ?::text[], ?::int[]) as c(kind, key, bucket)
            where s.kind = c.kind and s.key = c.key and s.bucket = c.bucket and s.until is null and s.n = 0
            """,
            kinds, keys, buckets);
    }

    private void WriteFacts<T>(IDocumentOperations operations, Dictionary<Guid, T> facts, bool areTickets) where T : notnull
    {
        if (facts.Count > 0)
            operations.QueueSqlCommand(
                $"""
                insert into {tables.Facts} (id, is_ticket, data, due, is_staff)
                select id, ?, data, (data ->> 'due')::timestamptz, coalesce((data ->> 'isStaff')::boolean, false) from (select id, data::jsonb from unnest(?::uuid[], ?::text[]) as t(id, data)) f
                on conflict (id) do update set data = excluded.data, due = excluded.due, is_staff = excluded.is_staff
                """,
                areTickets, facts.Keys.ToArray(), facts.Values.Select(DashboardTables.Json).ToArray());
    }
}

/// <summary>Where the numbers are.</summary>
public sealed class DashboardTables(string schema)
{
    /// <summary>What there is, and was at the end of each day.</summary>
    public string Stock => $"{schema}.dashboard_stock";

    /// <summary>What happened, by stretches of time, as far as it still counts.</summary>
    public string Flow => $"{schema}.dashboard_flow";

    /// <summary>What changed about a bucket after its day, and when.</summary>
    public string Late => $"{schema}.dashboard_late";

    /// <summary>Each ticket and account as it is counted.</summary>
    public string Facts => $"{schema}.dashboard_facts";

    public string State => $"{schema}.dashboard_state";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    public static string Json<T>(T facts) => JsonSerializer.Serialize(facts, Options);

    public static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, Options)!;

    public IEnumerable<Table> Definitions()
    {
        var stock = Named(Stock);
        stock.AddColumn("kind", "text").AsPrimaryKey();
        stock.AddColumn("key", "text").AsPrimaryKey();
        stock.AddColumn<int>("bucket").AsPrimaryKey();
        stock.AddColumn("since", "date").AsPrimaryKey();
        stock.AddColumn("until", "date");
        stock.AddColumn("label", "text").NotNull();
        Counts(stock);
        stock.Indexes.Add(new IndexDefinition("dashboard_now") { Columns = ["kind", "key", "bucket"], Predicate = "until is null" });
        stock.Indexes.Add(new IndexDefinition("dashboard_most") { Columns = ["kind", "n"], Predicate = "until is null" });
        yield return stock;

        var flow = Named(Flow);
        flow.AddColumn("kind", "text").AsPrimaryKey();
        flow.AddColumn<int>("span").AsPrimaryKey();
        Place(flow);
        Counts(flow);
        yield return flow;

        var late = Named(Late);
        late.AddColumn("kind", "text").AsPrimaryKey();
        late.AddColumn("day", "date").AsPrimaryKey();
        Place(late);
        Counts(late);
        yield return late;

        var facts = Named(Facts);
        facts.AddColumn<Guid>("id").AsPrimaryKey();
        facts.AddColumn<bool>("is_ticket").NotNull();
        facts.AddColumn("data", "jsonb").NotNull();
        facts.AddColumn<DateTimeOffset>("due");
        facts.AddColumn<bool>("is_staff").NotNull();
        facts.Indexes.Add(new IndexDefinition("dashboard_due") { Columns = ["due"], Predicate = "due is not null" });
        facts.Indexes.Add(new IndexDefinition("dashboard_staff") { Columns = ["id"], Predicate = "is_staff" });
        yield return facts;

        var state = Named(State);
        state.AddColumn<int>("id").AsPrimaryKey();
        state.AddColumn<int>("day").NotNull();
        yield return state;

        static void Place(Table table)
        {
            table.AddColumn<int>("bucket").AsPrimaryKey();
            table.AddColumn("key", "text").AsPrimaryKey();
            table.AddColumn<int>("bin").AsPrimaryKey();
        }

        static void Counts(Table table)
        {
            table.AddColumn<long>("n").NotNull();
            table.AddColumn<long>("part").NotNull();
        }
    }

    private static Table Named(string name) => new(PostgresqlProvider.Instance.Parse(name));
}
