using Marten;
using Npgsql;

namespace TicMate.Admin.Dashboard;

/// <param name="Part">Of the count: those that are open, or active.</param>
public sealed record StockRow(string Kind, string Key, string Label, long Count, long Part);

/// <param name="Counts">By bins, or quarters of a day.</param>
public sealed record FlowRow(string Kind, string Key, int Bucket, int[] Counts);

/// <summary>Everything that the projection knows about a period, read in one trip.</summary>
/// <param name="Ages">Open tickets younger than a day, than 3, 7 and 30 days.</param>
/// <param name="Days">Of UTC days.</param>
public sealed record Numbers(IReadOnlyList<StockRow> Stock, long[] Ages, long Overdue, IReadOnlyList<FlowRow> Flows, IReadOnlyList<FlowRow> Days, IReadOnlyList<Guid> Staff);

/// <param name="Counted">The last event that is counted.</param>
/// <param name="Own">The last event of whoever asks that was not counted at first; 0 when all were.</param>
public sealed record Progress(long Counted, long Own)
{
    public bool IsUpToDate => Counted >= Own;
}

/// <summary>Reads the projection's tables. What a request reads is bounded by the length of its period, never by how many tickets there are.</summary>
public sealed class DashboardNumbers(IDocumentStore store, TimeProvider clock)
{
    /// <summary>So many categories and skills are named; the rest is "other".</summary>
    public const int MostWords = 20;
    public const int MostModerators = 100;

    /// <summary>The age classes of open tickets, in days; whatever is older is the last.</summary>
    public static readonly int[] AgeDays = [1, 3, 7, 30];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2), Step = TimeSpan.FromMilliseconds(25);

    // The texts are few and cost more to plan than to run: each connection plans them once, for the one transaction that a batch is.
    private const string Plans = "select set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true)";

    private readonly string schema = store.Options.DatabaseSchemaName;
    private readonly DashboardTables tables = new(store.Options.DatabaseSchemaName);

    /// <summary>Waits until what this actor last did is counted, for a moment only; gives how far the numbers are then.</summary>
    public async Task<Progress> CatchUpAsync(string actor, CancellationToken ct)
    {
        var progress = await ProgressAsync(actor, ct);
        for (var waited = TimeSpan.Zero; !progress.IsUpToDate && waited < Patience; waited += Step)
        {
            await Task.Delay(Step, ct);
            progress = progress with { Counted = (await ProgressAsync(null, ct)).Counted };
        }

        return progress;
    }

    // The actor's last event can only be missing from the numbers if it is behind them: so only the end of the log is looked through.
    private async Task<Progress> ProgressAsync(string? actor, CancellationToken ct)
    {
        const int Tail = 10_000;
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(
            $"""
            with progress as (select coalesce((select last_seq_id from {schema}.mt_event_progression where name = '{DashboardProjection.ProjectionName}:All'), 0) as counted)
            select counted, case when $1::text is null then 0 else coalesce((
                select max(seq_id) from (select seq_id, user_name from {schema}.mt_events where seq_id > counted order by seq_id desc limit {Tail}) tail where user_name = $1), 0) end
            from progress
            """, connection)
        {
            Parameters = { new() { Value = (object?)actor ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text } },
        };
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        return new(row.GetInt64(0), row.GetInt64(1));
    }

    public async Task<Numbers> ReadAsync(DashboardQuery query, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var isPast = query.AsOf < DateOnly.FromDateTime(now.UtcDateTime);
        var moment = isPast ? Bucket.StartOf(Bucket.Of(query.AsOf!.Value) + Bucket.Day) : now;

        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { new(Plans), Stock(query, isPast), Ages(query, isPast, moment), Overdue(isPast, moment), Flows(query, isPast, moment), Days(query, isPast, moment), Staff() },
        };
        await batch.PrepareAsync(ct);
        await using var rows = await batch.ExecuteReaderAsync(ct);
        await rows.NextResultAsync(ct);

        var stock = await AllAsync(row => new StockRow(row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3), row.GetInt64(4)));
        var ages = (await AllAsync(row => (Class: row.GetInt32(0), Count: row.GetInt64(1)))).ToDictionary(age => age.Class, age => age.Count);
        var justOverdue = (await AllAsync(row => row.GetInt64(0)))[0];
        var flows = await AllAsync(Flow);
        var days = await AllAsync(Flow);
        var staff = await AllAsync(row => row.GetGuid(0));
        return new(
            stock, [.. Enumerable.Range(0, AgeDays.Length).Select(age => ages.GetValueOrDefault(age))], ages.GetValueOrDefault(AgeDays.Length) + justOverdue, flows, days, staff);

        async Task<List<T>> AllAsync<T>(Func<NpgsqlDataReader, T> read)
        {
            var all = new List<T>();
            while (await rows.ReadAsync(ct))
                all.Add(read(rows));

            await rows.NextResultAsync(ct);
            return all;
        }

        static FlowRow Flow(NpgsqlDataReader row) => new(row.GetString(0), row.GetString(1), row.GetInt32(2), row.GetFieldValue<int[]>(3));
    }

    private NpgsqlBatchCommand Stock(DashboardQuery query, bool isPast)
    {
        var command = new NpgsqlBatchCommand();
        command.CommandText = $"select kind, key, label, n, part from ({Standing(command, query, isPast)}) s order by kind, n desc, key";
        return command;
    }

    private string Standing(NpgsqlBatchCommand command, DashboardQuery query, bool isPast)
    {
        if (!isPast)
            return tables.Standing(tables.Stock);

        var (present, past) = Sources(command, query);
        return $"{tables.Standing(tables.Stock, present)} union all {tables.Standing(tables.Past, past)}";
    }

    // On the day that the counters stand at, and after it, the present is what there was.
    private (string Present, string Past) Sources(NpgsqlBatchCommand command, DashboardQuery query)
    {
        var (day, state) = (Value(command, query.AsOf!.Value.DayNumber), $"(select day from {tables.State})");
        return ($"{day} >= {state}", $"{day} < {state} and day = (select max(day) from {tables.Past} where day <= {day})");
    }

    // Of the day that the moment is in, the buckets that are over; the one that is not, Overdue looks at.
    private NpgsqlBatchCommand Ages(DashboardQuery query, bool isPast, DateTimeOffset moment)
    {
        var command = new NpgsqlBatchCommand();
        List<(int Class, string Kind, Stretch Stretch)> stretches = [];
        var last = Bucket.Of(moment) + (isPast ? 0 : 1);
        foreach (var (days, age) in AgeDays.Select((days, age) => (days, age)))
        {
            var first = Bucket.Of(moment.AddDays(-days));
            stretches.AddRange(Bucket.Cover(first, last, Bucket.ShortSpans).Select(stretch => (age, StockKind.By(StockKind.Opened, stretch.Span), stretch)));
            last = first;
        }

        var today = Bucket.Floor(Bucket.Of(moment), Bucket.Day);
        stretches.Add((AgeDays.Length, StockKind.By(StockKind.Due, Bucket.Day), new(Bucket.Day, int.MinValue, today)));
        stretches.Add((AgeDays.Length, StockKind.Overdue, new(1, 0, 1)));
        stretches.AddRange(Bucket.Cover(today, Bucket.Of(moment), Bucket.ShortSpans).Select(stretch => (AgeDays.Length, StockKind.By(StockKind.Due, stretch.Span), stretch)));

        var (classes, kinds) = (Value(command, stretches.Select(s => s.Class).ToArray()), Value(command, stretches.Select(s => s.Kind).ToArray()));
        var (firsts, lasts) = (Value(command, stretches.Select(s => s.Stretch.First).ToArray()), Value(command, stretches.Select(s => s.Stretch.Last).ToArray()));
        string Counted(string table, string condition) =>
            $"""
            select r.class, s.n from unnest({classes}, {kinds}, {firsts}, {lasts}) as r(class, kind, first, last)
            cross join lateral (select n from {table} where kind = r.kind and key = '' and bucket >= r.first and bucket < r.last and {condition} offset 0) s
            """;

        var counted = Counted(tables.Stock, "true");
        if (isPast)
        {
            var (present, past) = Sources(command, query);
            counted = $"{Counted(tables.Stock, present)} union all {Counted(tables.Past, past)}";
        }

        command.CommandText = $"select class, sum(n)::bigint from ({counted}) c group by 1";
        return command;
    }

    private NpgsqlBatchCommand Overdue(bool isPast, DateTimeOffset moment)
    {
        var command = new NpgsqlBatchCommand();
        command.CommandText = isPast ? "select 0::bigint"
            : $"select count(*) from {tables.Facts} where due >= {Value(command, Bucket.StartOf(Bucket.Of(moment)))} and due < {Value(command, moment)}";
        return command;
    }

    private NpgsqlBatchCommand Flows(DashboardQuery query, bool isPast, DateTimeOffset moment) => Rows(
        query, isPast, Bucket.Cover(query.First, isPast ? Math.Min(query.Last, Bucket.Of(moment)) : query.Last, Bucket.Spans),
        FlowKind.Response, FlowKind.Resolution, FlowKind.Work, FlowKind.FirstCompletion, FlowKind.Account);

    private NpgsqlBatchCommand Days(DashboardQuery query, bool isPast, DateTimeOffset moment) => Rows(
        query, isPast, [new(Bucket.Day, Bucket.Floor(query.First, Bucket.Day), isPast ? Math.Min(query.Last, Bucket.Of(moment)) : query.Last)],
        FlowKind.Created, FlowKind.Completed, FlowKind.Reopened);

    // "offset 0" keeps the planner from reading the whole table when it takes the stretches for many.
    // As of a past day, the newest row if it was written by then, else the one that stood: no stretch ends after that day.
    private NpgsqlBatchCommand Rows(DashboardQuery query, bool isPast, IEnumerable<Stretch> cover, params string[] kinds)
    {
        var command = new NpgsqlBatchCommand();
        var stretches = cover.ToArray();
        var newest =
            $"""
            from unnest({Value(command, stretches.Select(s => s.Span).ToArray())}, {Value(command, stretches.Select(s => s.First).ToArray())}, {Value(command, stretches.Select(s => s.Last).ToArray())}) as r(span, first, last)
            cross join lateral (
                select * from {tables.Flow} where kind = any({Value(command, kinds)}) and span = r.span and bucket >= r.first and bucket < r.last and until is null offset 0) f
            """;
        if (!isPast)
        {
            command.CommandText = $"select f.kind, f.key, f.bucket, f.counts {newest}";
            return command;
        }

        var day = Value(command, query.AsOf!.Value.DayNumber);
        command.CommandText =
            $"""
            select f.kind, f.key, f.bucket, coalesce(old.counts, f.counts) {newest}
            left join lateral (
                select counts from {tables.Flow} o where o.kind = f.kind and o.span = f.span and o.bucket = f.bucket and o.key = f.key and o.since <= {day}
                order by o.since desc limit 1) old on f.since > {day}
            where f.since <= {day} or old.counts is not null
            """;
        return command;
    }

    private NpgsqlBatchCommand Staff() => new($"select id from {tables.Facts} where is_staff order by id limit {MostModerators}");

    /// <summary>How many open tickets each of these people has, and how many were completed that were theirs.</summary>
    public async Task<IReadOnlyDictionary<Guid, (long Open, long Completed)>> WorkAsync(IReadOnlyCollection<Guid> people, CancellationToken ct)
    {
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(
            $"select kind, key, n from {tables.Stock} where kind in ('{StockKind.Load}', '{StockKind.Done}') and key = any($1) and bucket = 0", connection)
        {
            Parameters = { new() { Value = people.Select(id => id.ToString()).ToArray() } },
        };
        await using var rows = await command.ExecuteReaderAsync(ct);
        var work = new Dictionary<Guid, (long Open, long Completed)>();
        while (await rows.ReadAsync(ct))
        {
            var (id, count) = (Guid.Parse(rows.GetString(1)), rows.GetInt64(2));
            var so = work.GetValueOrDefault(id);
            work[id] = rows.GetString(0) is StockKind.Load ? so with { Open = count } : so with { Completed = count };
        }

        return work;
    }

    private static string Value(NpgsqlBatchCommand command, object value)
    {
        command.Parameters.Add(new() { Value = value });
        return $"${command.Parameters.Count}";
    }
}
