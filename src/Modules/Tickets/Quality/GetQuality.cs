using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Searching;

namespace TicMate.Tickets.Quality;

/// <summary>Proposals whose confidence lay between two bounds: how sure the agent was, and how often it was right to be.</summary>
/// <param name="Stood">Of those that were applied or decided on.</param>
public sealed record CalibrationView(double From, double To, long N, double? MeanConfidence, Share Stood);

/// <param name="Applied">Of the proposed ones.</param>
/// <param name="Accepted">Of those a person decided on, like edited and rejected.</param>
/// <param name="Undone">Of the applied ones.</param>
/// <param name="Stood">Of those that were applied or decided on.</param>
public sealed record QualityRates(Share Applied, Share Accepted, Share Edited, Share Rejected, Share Undone, Share Stood);

/// <param name="Group">What the group has in common; null for the total.</param>
/// <param name="FirstAssignee">Of the completed tickets that the agent assigned first, those whose assignee was still the same; null where the grouping is by field.</param>
public sealed record QualityView(
    string? Group, long Proposed, long Applied, long Accepted, long Edited, long Rejected, long Undone, QualityRates Rates, IReadOnlyList<CalibrationView> Calibration,
    Share? FirstAssignee);

/// <summary>The replies drafted on those days, and what of them was sent.</summary>
/// <param name="Used">Of the drafted ones.</param>
public sealed record DraftsView(long Drafted, Share Used, SurvivedView Survived);

/// <param name="Mean">How much of a draft was left in the reply, from 0 to 1, over the used ones; null without any.</param>
public sealed record SurvivedView(double? Mean, long N);

/// <param name="From">The first day, UTC.</param>
/// <param name="To">The last day.</param>
public sealed record QualityAnswer(string GroupBy, DateOnly From, DateOnly To, QualityView Total, IReadOnlyList<QualityView> Groups, DraftsView Drafts) : Answer;

/// <summary>Which proposals are asked for, by the day they were made.</summary>
public sealed record QualityQuery(string GroupBy, DayRange Days)
{
    public static readonly string[] Groupings = ["field", "advisor", "model", "skill"];

    public static (QualityQuery, ProblemDetails) Read(IQueryCollection query, DateTimeOffset now)
    {
        var faults = new Faults();
        var wanted = new QualityQuery(DayRange.Grouping(query, Groupings, "field", faults), DayRange.Read(query, now, faults));
        return (wanted, faults.Problem);
    }
}

public static class GetQualityEndpoint
{
    public static (QualityQuery, ProblemDetails) Validate(HttpContext http, DateTimeOffset now) => QualityQuery.Read(http.Request.Query, now);

    /// <summary>What became of the agent's proposals.</summary>
    [Authorize(Roles = Roles.Admin), WolverineGet("/api/admin/ai/quality")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403)]
    public static async Task<QualityAnswer> Get(QualityQuery query, TicketLists database, CancellationToken ct)
    {
        var counts = await database.ReadAsync(QualitySql.Counts(database.Schema, query), row => new QualityCounts(
            row.IsDBNull(0) ? null : row.GetString(0), row.GetInt32(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6),
            row.GetInt64(7), row.GetInt64(8), row.GetInt64(9), row.GetInt64(10)), ct);
        var assignees = await database.ReadAsync(QualitySql.Assignees(database.Schema, query), row => new AssigneeCounts(
            row.IsDBNull(0) ? null : row.GetString(0), row.GetInt64(1), row.GetInt64(2)), ct);

        var drafts = await database.ReadAsync(QualitySql.Drafts(database.Schema, query), row => DraftsOf(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)), ct);
        var views = QualityViews.Of(counts, assignees, query.GroupBy is not "field");
        return new(query.GroupBy, query.Days.From, query.Days.To, views[0], [.. views.Skip(1)], drafts[0]);
    }

    private static DraftsView DraftsOf(long drafted, long used, long survived) => new(
        drafted, Share.Of(used, drafted), new(used == 0 ? null : Math.Round(survived / (double)used / AdviceQualityProjection.Million, 4), used));
}

/// <inheritdoc/>
public sealed class AdviceQuality(TicketLists database) : IAdviceQuality
{
    public async Task<AdviceCounts> CountAsync(DateOnly first, DateOnly last, CancellationToken ct)
    {
        var found = await database.ReadAsync(QualitySql.Total(database.Schema, new(first, last)), row => new AdviceCounts(
            row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5)), ct);
        return found[0];
    }
}

/// <summary>One bucket of a group.</summary>
public sealed record QualityCounts(
    string? Group, int Bucket, long Proposed, long Applied, long Accepted, long Edited, long Rejected, long Undone, long Judged, long Stood, long Confidence);

public sealed record AssigneeCounts(string? Group, long Completed, long Kept);

public static class QualitySql
{
    public static TicketSql Counts(string schema, QualityQuery query) => Of(
        schema, query, new AdviceQualityTables(schema).Quality, GroupOf(query.GroupBy), "bucket",
        "bucket", "proposed", "applied", "accepted", "edited", "rejected", "undone", "judged", "stood", "confidence");

    public static TicketSql Assignees(string schema, QualityQuery query) => Of(
        schema, query, new AdviceQualityTables(schema).Assignees, query.GroupBy is "field" ? ("null::text", "false") : GroupOf(query.GroupBy), null, "completed", "kept");

    public static TicketSql Drafts(string schema, QualityQuery query)
    {
        var sql = new TicketSql(schema);
        return sql.As(
            $"""
            select coalesce(sum(drafted), 0)::bigint, coalesce(sum(used), 0)::bigint, coalesce(sum(survived), 0)::bigint
            from {new AdviceQualityTables(schema).DraftsByDay} where day between {sql.Value(query.Days.From)} and {sql.Value(query.Days.To)}
            """);
    }

    /// <summary>Everything in one row.</summary>
    public static TicketSql Total(string schema, DayRange days)
    {
        var sql = new TicketSql(schema);
        var sums = string.Join(", ", new[] { "proposed", "applied", "accepted", "edited", "rejected", "undone" }.Select(column => $"coalesce(sum({column}), 0)::bigint"));
        return sql.As($"select {sums} from {new AdviceQualityTables(schema).Quality} where day between {sql.Value(days.From)} and {sql.Value(days.To)} and skill = ''");
    }

    private static (string Key, string Condition) GroupOf(string groupBy) => groupBy switch
    {
        "field" => ("field", "skill = ''"),
        "advisor" => ($"case advisor when '{Triage.BuiltInTriage.Name}' then advisor else 'model' end", "skill = ''"),
        "model" => ("advisor", $"skill = '' and advisor <> '{Triage.BuiltInTriage.Name}'"),
        _ => ("skill", "skill <> ''"),
    };

    private static TicketSql Of(string schema, QualityQuery query, string table, (string Key, string Condition) group, string? along, params string[] columns)
    {
        var sql = new TicketSql(schema);
        var days = $"day between {sql.Value(query.Days.From)} and {sql.Value(query.Days.To)}";
        var sums = string.Join(", ", columns.Select(column => column == along ? column : $"sum({column})::bigint"));
        string Sums(string key, string condition) => $"select {key}, {sums} from {table} where {days} and {condition} group by 1{(along is null ? "" : $", {along}")}";
        return sql.As($"{Sums("null::text", "skill = ''")} union all {Sums(group.Key, group.Condition)}");
    }
}

/// <summary>Makes the answer of the counters: the total first, then the groups, the largest first.</summary>
public static class QualityViews
{
    public static IReadOnlyList<QualityView> Of(IReadOnlyCollection<QualityCounts> counts, IReadOnlyCollection<AssigneeCounts> assignees, bool isByTicket) =>
    [
        View(null, [.. counts.Where(c => c.Group is null)], assignees.Where(a => a.Group is null)),
        .. counts.Where(c => c.Group is not null).GroupBy(c => Skill.Key(c.Group!))
            .Select(group => View(
                group.MaxBy(c => c.Proposed)!.Group, [.. group], isByTicket ? assignees.Where(a => a.Group is not null && Skill.Key(a.Group) == group.Key) : null))
            .OrderByDescending(view => view.Proposed).ThenBy(view => view.Group, StringComparer.Ordinal),
    ];

    private static QualityView View(string? group, QualityCounts[] counts, IEnumerable<AssigneeCounts>? assignees)
    {
        long Sum(Func<QualityCounts, long> of) => counts.Sum(of);

        var (proposed, applied, judged) = (Sum(c => c.Proposed), Sum(c => c.Applied), Sum(c => c.Judged));
        var (accepted, edited, rejected, undone) = (Sum(c => c.Accepted), Sum(c => c.Edited), Sum(c => c.Rejected), Sum(c => c.Undone));
        var decided = accepted + edited + rejected + undone;
        var rates = new QualityRates(
            Share.Of(applied, proposed), Share.Of(accepted, decided), Share.Of(edited, decided), Share.Of(rejected, decided), Share.Of(undone, applied),
            Share.Of(Sum(c => c.Stood), judged));
        var buckets = counts.ToLookup(c => c.Bucket);
        var loads = assignees?.ToArray();
        return new(
            group, proposed, applied, accepted, edited, rejected, undone, rates,
            [.. Enumerable.Range(0, Confidence.Buckets).Select(bucket => Bucket(bucket, [.. buckets[bucket]]))],
            loads is null ? null : Share.Of(loads.Sum(a => a.Kept), loads.Sum(a => a.Completed)));
    }

    private static CalibrationView Bucket(int bucket, QualityCounts[] counts)
    {
        var judged = counts.Sum(c => c.Judged);
        return new(
            bucket / (double)Confidence.Buckets, (bucket + 1) / (double)Confidence.Buckets, judged,
            judged == 0 ? null : Math.Round(counts.Sum(c => c.Confidence) / (double)judged / AdviceQualityProjection.Million, 4),
            Share.Of(counts.Sum(c => c.Stood), judged));
    }
}
