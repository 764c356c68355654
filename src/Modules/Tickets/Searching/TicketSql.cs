using Npgsql;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;

namespace TicMate.Tickets.Searching;

/// <summary>Whose tickets a list is about, and whether it goes as far as the deleted ones.</summary>
public sealed record TicketReach(Guid? AuthorId, Guid? AssigneeId, bool WithDeleted)
{
    public static TicketReach Own(CurrentUser user) => new(user.Id, null, false);

    /// <summary>All that the caller may see: of deleted tickets only admins know.</summary>
    public static TicketReach Everything(CurrentUser user) => user.IsStaff ? new(null, null, user.Role is Roles.Admin) : Own(user);

    /// <summary>The caller's work. Somebody who was staff until just now sees only what is theirs anyway.</summary>
    public static TicketReach Work(CurrentUser user) => new(user.IsStaff ? null : user.Id, user.Id, false);
}

/// <summary>A query in the making: its parameters, and the text that names them.</summary>
public sealed class TicketSql(string schema)
{
    private readonly List<NpgsqlParameter> parameters = [];

    public string Text { get; private set; } = "";

    public IReadOnlyList<NpgsqlParameter> Parameters => parameters;

    public string Tickets => $"{schema}.mt_doc_ticket";

    public string Value(object value)
    {
        parameters.Add(new NpgsqlParameter { Value = value });
        return $"${parameters.Count}";
    }

    /// <summary>One page, and one row more, which tells whether there is another.</summary>
    /// <param name="way">How the terms of the filter are searched for; null where there are none.</param>
    public static TicketSql Page(string schema, TicketFilter filter, TicketReach reach, DateTimeOffset now, SearchWay? way = null)
    {
        var sql = new TicketSql(schema);

        // A number and no parameter: not knowing it, the planner would take a plan for many rows to be the best for all.
        var (sort, take) = (filter.Sort, filter.Limit + 1);
        if (way is not null && IsByTexts(filter, reach, way))
            return sql.Texts(filter, reach, now, sql.IsFound(filter, way), "offset 0", "true", take);

        var conditions = sql.Conditions(filter, reach, now);
        var after = filter.After is { } cursor ? sql.Beyond(sort, cursor, sort.Column, "t.number") : "true";
        var from = way is null ? $"{sql.Tickets} t" : sql.Found(filter, reach, way);

        sql.Text = sort == TicketSort.BestMatch ? Ranked()
            : IsByAge(filter, reach) ? Arm("true")
            : $"select * from ({string.Join(" union all ", Halves(filter).Select(half => $"({Arm(half)})"))}) t order by t.key {sort.Direction}, t.number {sort.Direction} limit {take}";
        return sql;

        string Arm(string half) => $"select {Listed}, t.mt_version, {sort.Column} as key, t.number from {from} where {conditions} and {after} and {half} "
            + $"order by {sort.Column} {sort.Direction}, t.number {sort.Direction} limit {take}";

        // Of a common word, the newest tickets only: ranking reads every match.
        string Ranked() => "select t.listed, t.mt_version, t.rank, t.number "
            + $"from (select t.listed, t.mt_version, t.number, ts_rank(t.words, {sql.Query(filter.Terms!)}) as rank "
            + $"from (select {Listed}, t.mt_version, t.number, x.words from {from} where {conditions} order by t.number desc limit {MostRanked}) t) t "
            + $"where {after} order by t.rank desc, t.number desc limit {take}";
    }

    /// <summary>The same page of everybody's tickets, looked for among the newest or oldest texts. Whether it is not full says nothing: null where that is not tried.</summary>
    public static TicketSql? Walk(string schema, TicketFilter filter, TicketReach reach, DateTimeOffset now, SearchWay? way)
    {
        if (way is not { Newest: > 0 } || !IsByTexts(filter, reach, way))
            return null;

        var sql = new TicketSql(schema);
        return sql.Texts(filter, reach, now, "true", $"limit {way.Newest}", sql.Contains(filter), filter.Limit + 1);
    }

    // Texts in the order of age, and only of those with the words the tickets.
    private TicketSql Texts(TicketFilter filter, TicketReach reach, DateTimeOffset now, string which, string some, string then, int take)
    {
        var (direction, conditions) = (filter.Sort.Direction, Conditions(filter, reach, now));
        var after = filter.After is { } cursor ? Beyond(filter.Sort, cursor, "x.created_at", "x.number") : "true";
        var since = $"{(filter.From is { } from ? $"x.created_at >= {Value(from)}" : "true")} and {(filter.Until is { } until ? $"x.created_at < {Value(until)}" : "true")}";
        return As($"select {Listed}, t.mt_version, x.created_at as key, x.number "
            + $"from (select x.* from {schema}.{SearchText.Table} x where {after} and {since} and {which} order by x.created_at {direction}, x.number {direction} {some}) x, "
            + $"lateral (select t.listed, t.data, t.mt_version from {Tickets} t where t.id = x.ticket_id and {conditions} offset 0) t "
            + $"where {then} order by x.created_at {direction}, x.number {direction} limit {take}");
    }

    private string Beyond(TicketSort sort, TicketCursor cursor, string column, string number) => $"({column}, {number}) {sort.Beyond} ({Value(sort.ValueOf(cursor.Key)!)}, {Value(cursor.Number)})";

    public const int MostRanked = 1_000;

    /// <summary>What lists show of a ticket. Tickets that were stored before there was such a column have it from the next change on.</summary>
    public const string Listed = "coalesce(t.listed, t.data::text) as listed";

    /// <summary>Replaces the text; for lists with one of their own.</summary>
    public TicketSql As(string text)
    {
        Text = text;
        return this;
    }

    // Somebody's own tickets are few enough to be looked at one by one. The planner must not choose: it does not know how frequent the words are.
    private string Found(TicketFilter filter, TicketReach reach, SearchWay way) =>
        way.IsCommon || reach.AuthorId is not null || filter is { CreatedBy: [_] } or { Numbers: [_, ..] }
            ? $"{Tickets} t join lateral (select x.words from {schema}.{SearchText.Table} x where x.ticket_id = t.id offset 0) x on {Contains(filter)}"
            : $"(select x.ticket_id, x.words from {schema}.{SearchText.Table} x where {IsFound(filter, way)} offset 0) x join {Tickets} t on t.id = x.ticket_id";

    // A function and no operator, so that no index is asked.
    private string Contains(TicketFilter filter) => $"ts_match_vq(x.words, {Query(filter.Terms!)})";

    public string Conditions(TicketFilter filter, TicketReach reach, DateTimeOffset now)
    {
        List<string> conditions = [filter.Deleted is true ? "t.deleted_at is not null" : filter.Deleted is false || !reach.WithDeleted ? "t.deleted_at is null" : "true"];
        if (reach.AuthorId is { } author)
            conditions.Add($"t.author_id = {Value(author)}");
        if (reach.AssigneeId is { } assignee)
            conditions.Add($"t.assignee_id = {Value(assignee)}");

        if (filter.Statuses.Length > 0 && filter.Statuses.All(status => status is not Status.Completed))
            conditions.Add("t.is_open");
        else if (filter.Statuses is [Status.Completed])
            conditions.Add("not t.is_open");
        if (filter.Statuses.Length is > 0 and < 4)
            conditions.Add(Any("t.status", filter.Statuses));

        if (filter.AssignedTo.Length > 0 || filter.Unassigned)
            conditions.Add((filter.AssignedTo.Length, filter.Unassigned) switch
            {
                (0, _) => "t.assignee_id is null",
                (_, true) => $"({Any("t.assignee_id", filter.AssignedTo)} or t.assignee_id is null)",
                _ => Any("t.assignee_id", filter.AssignedTo),
            });

        if (filter.Priorities.Length > 0)
            conditions.Add(Any("t.urgency", [.. filter.Priorities.Select(Priority.Urgency)]));
        if (filter.Categories.Length > 0)
            conditions.Add(Any("t.category", filter.Categories));
        if (filter.Skills.Length > 0)
            conditions.Add($"t.skill_keys && {Value(filter.Skills)}::varchar[]");
        if (filter.CreatedBy.Length > 0)
            conditions.Add(Any("t.author_id", filter.CreatedBy));
        if (filter.Numbers.Length > 0)
            conditions.Add(Any("t.number", filter.Numbers));
        if (filter.From is { } from)
            conditions.Add($"t.created_at >= {Value(from)}");
        if (filter.Until is { } until)
            conditions.Add($"t.created_at < {Value(until)}");
        if (filter.Overdue is { } overdue)
            conditions.Add(overdue ? $"t.is_open and t.due < {Value(now)}" : $"not (t.is_open and t.due < {Value(now)})");

        return string.Join(" and ", conditions);
    }

    // What is no word at all is in no index, and asks for nothing.
    private string IsFound(TicketFilter filter, SearchWay way)
    {
        var all = Query(filter.Terms!);
        return way.Few.Length == 0 ? $"x.words @@ {all}"
            : $"x.words @@ (select case when numnode(few) > 0 then few else {all} end from {schema}.ticket_query({Value(way.Few)}) few) and ts_match_vq(x.words, {all})";
    }

    // In a query of its own it is worked out once, and not for each ticket.
    private string Query(string[] terms) => $"(select {schema}.ticket_query({Value(terms)}))";

    // With one value an index that begins with the column still gives the order.
    private string Any<T>(string column, T[] values) => values is [var one] ? $"{column} = {Value(one!)}" : $"{column} = any({Value(values)})";

    // Lists that an index of their own keeps in the order of age; all others are walked by an index that has open and completed tickets apart.
    private static bool IsByAge(TicketFilter filter, TicketReach reach) =>
        reach.AuthorId is not null || reach.AssigneeId is not null || filter is { CreatedBy: [_] } or { AssignedTo: [_], Unassigned: false } or { Numbers: [_, ..] }
        || (filter.Categories is [_] && filter.Sort.Column == TicketSort.Newest.Column);

    // The age is with the words, too, so that everybody's tickets can be walked or sorted without looking at them.
    private static bool IsByTexts(TicketFilter filter, TicketReach reach, SearchWay way) => way.KnowsAges && filter.Sort.Column == TicketSort.Newest.Column && !IsByAge(filter, reach);

    private static string[] Halves(TicketFilter filter) =>
        filter.Overdue is true || filter.Statuses.Length > 0 && !filter.Statuses.Contains(Status.Completed) ? ["t.is_open"]
        : filter.Statuses is [Status.Completed] ? ["not t.is_open"]
        : ["t.is_open", "not t.is_open"];
}
