using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Searching;

/// <summary>A category or skill, and how many of the newest tickets have it.</summary>
public sealed record WordInUse(string Name, int Count);

public sealed record CategoriesAnswer(IReadOnlyList<WordInUse> Categories) : Answer;

public sealed record SkillsAnswer(IReadOnlyList<WordInUse> Skills) : Answer;

/// <summary>
/// Both are free text, so what there is must be looked up: among the newest tickets that the caller may see, so that it costs the same
/// however many there are.
/// </summary>
public static class WordsInUse
{
    public const int TicketsRead = 10_000, MostWords = 100;

    public static string Newest(TicketSql sql, string columns, CurrentUser user) =>
        $"select {columns} from {sql.Tickets} t where t.deleted_at is null and {(user.IsStaff ? "true" : $"t.author_id = {sql.Value(user.Id)}")} "
            + $"order by t.number desc limit {TicketsRead}";

    public static TicketSql Categories(string schema, CurrentUser user)
    {
        var sql = new TicketSql(schema);
        var newest = Newest(sql, "t.category", user);
        return sql.As($"select category, count(*)::int from ({newest}) newest where category <> '' group by 1 order by 2 desc, 1 limit {MostWords}");
    }

    // A skill is shown as its newest ticket spells it.
    public static TicketSql Skills(string schema, CurrentUser user)
    {
        var sql = new TicketSql(schema);
        return sql.As(
            $"""
            select t.data -> 'relatedSkills' ->> (array_position(t.skill_keys, used.key) - 1), used.tickets
            from (select key, count(*)::int as tickets, max(number) as newest from ({Newest(sql, "t.number, t.skill_keys", user)}) newest, unnest(skill_keys) as key
                group by key order by 2 desc, 1 limit {MostWords}) used
            join {sql.Tickets} t on t.number = used.newest order by used.tickets desc, used.key
            """);
    }
}

public static class ListCategoriesEndpoint
{
    public static ProblemDetails Validate(HttpContext http) => TicketList.TakesNothing(http);

    /// <summary>The categories of the tickets that the caller may see, the most frequent first.</summary>
    [WolverineGet("/api/tickets/categories")]
    [ProducesResponseType<ProblemDetails>(400)]
    public static async Task<CategoriesAnswer> Get(CurrentUser user, TicketLists lists, CancellationToken ct) =>
        new(await lists.ReadAsync(WordsInUse.Categories(lists.Schema, user), row => new WordInUse(row.GetString(0), row.GetInt32(1)), ct));
}

public static class ListSkillsEndpoint
{
    public static ProblemDetails Validate(HttpContext http) => TicketList.TakesNothing(http);

    /// <summary>The skills that the tickets take which the caller may see, the most frequent first.</summary>
    [WolverineGet("/api/tickets/skills")]
    [ProducesResponseType<ProblemDetails>(400)]
    public static async Task<SkillsAnswer> Get(CurrentUser user, TicketLists lists, CancellationToken ct) =>
        new(await lists.ReadAsync(WordsInUse.Skills(lists.Schema, user), row => new WordInUse(row.GetString(0), row.GetInt32(1)), ct));
}
