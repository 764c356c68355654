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

        var day = DateOnly.FromDayNumber(days.SingleOrDefault());
        var changes = new Changes(day);
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

        Write(operations, day, changes);
        WriteFacts(operations, tickets, true);
        WriteFacts(operations, accounts, false);

        // Words of somebody who is gone stay only where others use them as well.
        if (erased.Count > 0)
            operations.QueueSqlCommand(
                $"delete from {tables.Past} p where kind = ? and key = any(?) and not exists (select from {tables.Stock} s where s.kind = p.kind and s.key = p.key)",
                StockKind.Category, erased.ToArray());
    }

    private void Write(IDocumentOperations operations, DateOnly day, Changes changes)
    {
        foreach (var changed in changes.Days)
        {
            if (changed.Day > day && day > DateOnly.MinValue)
                KeepPast(operations, day);

            day = changed.Day;
            if (changed.Stock.Count > 0)
                WriteStock(operations, changed.Stock);
            if (changed.Flow.Count > 0)
                WriteFlow(operations, changed);
        }

        operations.QueueSqlCommand($"insert into {tables.State} (id, day) values (1, ?) on conflict (id) do update set day = excluded.day", changes.Day.DayNumber);
    }

    // What a request as of that day may need, when the day is over; so nothing has to be worked out backwards.
    private void KeepPast(IDocumentOperations operations, DateOnly day)
    {
        var bucket = Bucket.Of(day);
        var (opened, due) = (StockKind.By(StockKind.Opened, Bucket.Day), StockKind.By(StockKind.Due, Bucket.Day));
        operations.QueueSqlCommand(
            $"""
            insert into {tables.Past} (day, kind, key, bucket, label, n, part)
            select ?, '', '', 0, '', 0, 0
            union all select ?, kind, key, bucket, label, n, part from ({tables.Standing(tables.Stock)}) s
            union all select ?, kind, key, bucket, label, n, part from {tables.Stock} where kind = '{opened}' and bucket > ?
            union all select ?, kind, key, bucket, label, n, part from {tables.Stock} where kind = '{due}' and bucket > ?
            union all select ?, '{StockKind.Overdue}', '', 0, '', coalesce(sum(n), 0), 0 from {tables.Stock} where kind = '{due}' and bucket <= ?
            """,
            day.DayNumber, day.DayNumber, day.DayNumber, bucket - (DashboardNumbers.AgeDays[^1] * Bucket.Day), day.DayNumber, bucket, day.DayNumber, bucket);
    }

    // A skill keeps its row, and with it its first spelling.
    private void WriteStock(IDocumentOperations operations, Dictionary<Counter, Sum> counters)
    {
        var (kinds, keys, buckets) = (counters.Select(c => c.Key.Kind).ToArray(), counters.Select(c => c.Key.Key).ToArray(), counters.Select(c => c.Key.Bucket).ToArray());
        operations.QueueSqlCommand(
            $"""
            insert into {tables.Stock} as s (kind, key, bucket, label, n, part)
            select * from unnest(?::text[], ?::text[], ?::int[], ?::text[], ?::bigint[], ?::bigint[])
            on conflict (kind, key, bucket) do update set n = s.n + excluded.n, part = s.part + excluded.part
            """,
            kinds, keys, buckets, counters.Select(c => c.Value.Label).ToArray(), counters.Select(c => c.Value.Count).ToArray(), counters.Select(c => c.Value.Part).ToArray());
        operations.QueueSqlCommand(
            $"""
            delete from {tables.Stock} s using unnest(?::text[], ?::text[], ?::int[]) as c(kind, key, bucket)
            where s.kind = c.kind and s.key = c.key and s.bucket = c.bucket and s.n = 0 and s.kind <> '{StockKind.Skill}'
            """,
            kinds, keys, buckets);
    }

    // What is found out about a stretch after its last day leaves what was known until then in a row of its own.
    private void WriteFlow(IDocumentOperations operations, DayOfChanges changed)
    {
        var rows = changed.Rows.ToArray();
        operations.QueueSqlCommand(
            $$"""
            with change as (
                select kind, key, span, bucket, since, counts::int[] from unnest(?::text[], ?::text[], ?::int[], ?::int[], ?::int[], ?::text[]) as c(kind, key, span, bucket, since, counts)),
            ended as (
                update {{tables.Flow}} f set until = c.since from change c
                where f.kind = c.kind and f.span = c.span and f.bucket = c.bucket and f.key = c.key and f.until is null and f.since < c.since)
            insert into {{tables.Flow}} (kind, key, span, bucket, since, counts)
            select c.kind, c.key, c.span, c.bucket, c.since,
                (select array_agg(coalesce(known, 0) + coalesce(more, 0) order by place) from unnest(f.counts, c.counts) with ordinality as u(known, more, place))
            from change c left join {{tables.Flow}} f on f.kind = c.kind and f.span = c.span and f.bucket = c.bucket and f.key = c.key and f.until is null
            on conflict (kind, span, bucket, key, since) do update set counts = excluded.counts
            """,
            rows.Select(r => r.Row.Kind).ToArray(), rows.Select(r => r.Row.Key).ToArray(), rows.Select(r => r.Row.Span).ToArray(), rows.Select(r => r.Row.Bucket).ToArray(),
            rows.Select(r => Math.Max(r.Row.Over.DayNumber, changed.Day.DayNumber)).ToArray(), rows.Select(r => $"{{{string.Join(',', r.By)}}}").ToArray());
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
    /// <summary>What there is.</summary>
    public string Stock => $"{schema}.dashboard_stock";

    /// <summary>What there was at the end of each day that something happened on, as far as it is shown.</summary>
    public string Past => $"{schema}.dashboard_past";

    /// <summary>What happened, by stretches of time; the newest row of a stretch tells it as it counts today, and ended ones as it did before.</summary>
    public string Flow => $"{schema}.dashboard_flow";

    /// <summary>What is shown of what there is, from the present or from a past day.</summary>
    public string Standing(string table, string condition = "true")
    {
        string Most(string kind, int limit) =>
            $"(select kind, key, bucket, label, n, part from {table} where kind = '{kind}' and n > 0 and {condition} order by n desc, key desc limit {limit})";

        return $"""
            select kind, key, bucket, label, n, part from {table} where kind in ('{StockKind.Status}', '{StockKind.Priority}', '{StockKind.Role}', '{StockKind.AnySkill}') and {condition}
            union all {Most(StockKind.Category, DashboardNumbers.MostWords)} union all {Most(StockKind.Skill, DashboardNumbers.MostWords)} union all {Most(StockKind.Load, DashboardNumbers.MostModerators)}
            """;
    }

    /// <summary>Each ticket and account as it is counted.</summary>
    public string Facts => $"{schema}.dashboard_facts";

    public string State => $"{schema}.dashboard_state";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    public static string Json<T>(T facts) => JsonSerializer.Serialize(facts, Options);

    public static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, Options)!;

    public IEnumerable<Table> Definitions()
    {
        var stock = Named(Stock);
        Place(stock);
        stock.Indexes.Add(new IndexDefinition("dashboard_most") { Columns = ["kind", "n", "key"] });
        yield return stock;

        var past = Named(Past);
        past.AddColumn<int>("day").AsPrimaryKey();
        Place(past);
        yield return past;

        var flow = Named(Flow);
        flow.AddColumn("kind", "text").AsPrimaryKey();
        flow.AddColumn<int>("span").AsPrimaryKey();
        flow.AddColumn<int>("bucket").AsPrimaryKey();
        flow.AddColumn("key", "text").AsPrimaryKey();
        flow.AddColumn<int>("since").AsPrimaryKey();
        flow.AddColumn<int>("until");
        flow.AddColumn("counts", "int[]").NotNull();
        flow.Indexes.Add(new IndexDefinition("dashboard_newest") { Columns = ["kind", "span", "bucket", "key"], Predicate = "until is null" });
        yield return flow;

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
            table.AddColumn("kind", "text").AsPrimaryKey();
            table.AddColumn("key", "text").AsPrimaryKey();
            table.AddColumn<int>("bucket").AsPrimaryKey();
            table.AddColumn("label", "text").NotNull();
            table.AddColumn<long>("n").NotNull();
            table.AddColumn<long>("part").NotNull();
        }
    }

    private static Table Named(string name) => new(PostgresqlProvider.Instance.Parse(name));
}
