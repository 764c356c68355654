using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;

namespace TicMate.Tickets.Searching;

public static class GetQueueEndpoint
{
    /// <summary>What needs a skill of the caller's first, then the most urgent, then what has waited longest.</summary>
    public static readonly TicketSort NextFirst = new("queue", "t.place", false, SortKey.Number);

    // More than there are urgencies: those that match are in front of all that do not.
    private const int Behind = 10;

    public static (TicketFilter, ProblemDetails) Validate(CurrentUser user, HttpContext http) => TicketFilter.Read(TicketList.Queue, http.Request.Query, user);

    /// <summary>What somebody of the staff can take up next: open, and either theirs or nobody's.</summary>
    [Authorize(Roles = Roles.Staff), WolverineGet("/api/tickets/queue")]
    [ProducesResponseType<TicketPageAnswer>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403)]
    public static async Task<IResult> Get(TicketFilter filter, CurrentUser user, TicketLists lists, TimeProvider clock, HttpContext http)
    {
        var sql = Sql(lists.Schema, filter, user, user.Skills, clock.GetUtcNow());
        var rows = await lists.ReadAsync(sql, row => TicketLists.Row(row, NextFirst), http.RequestAborted);
        return await lists.PageAsync(rows, filter, user, http);
    }

    /// <summary>One walk along the index for each kind of ticket (theirs or nobody's, matching or not), of which only the first few are sorted.</summary>
    public static TicketSql Sql(string schema, TicketFilter filter, CurrentUser user, string[] skills, DateTimeOffset now)
    {
        var sql = new TicketSql(schema);
        var conditions = sql.Conditions(filter, new TicketReach(null, null, false), now);
        var (mine, known, take) = (sql.Value(user.Id), $"{sql.Value(skills.Select(Skill.Key).ToArray())}::varchar[]", filter.Limit + 1);

        var arms =
            from matches in skills.Length > 0 ? new[] { true, false } : [false]
            let after = After(matches ? 0 : Behind)
            where after is not null
            from assignee in new[] { $"= {mine}", "is null" }
            let fits = skills.Length == 0 ? "true" : $"{(matches ? "" : "not ")}t.skill_keys && {known}"
            select $"(select {TicketSql.Listed}, t.mt_version, t.urgency + {(matches ? 0 : Behind)} as place, t.number from {sql.Tickets} t "
                + $"where {conditions} and t.is_open and t.assignee_id {assignee} and {fits} and {after} order by t.assignee_id, t.urgency, t.number limit {take})";

        return sql.As($"select * from ({string.Join(" union all ", arms)}) t order by t.place, t.number limit {take}");

        string? After(int offset) => filter.After is not { } cursor || cursor.Key < offset ? "true"
            : cursor.Key < offset + Behind ? $"(t.urgency, t.number) > ({sql.Value((int)cursor.Key - offset)}, {sql.Value(cursor.Number)})" : null;
    }
}
