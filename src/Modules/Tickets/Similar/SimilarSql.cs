using TicMate.Tickets.Searching;

namespace TicMate.Tickets.Similar;

/// <summary>What is looked for: tickets about the same as this text.</summary>
/// <param name="Except">The ticket that has the text itself.</param>
/// <param name="Owner">Whose tickets alone may be found; null for everybody's.</param>
public sealed record Likeness(string Title, string Description, Guid? Except, Guid? Owner)
{
    /// <summary>What of a text is compared: its beginning says what it is about.</summary>
    public const int MostRead = 4_000;
}

/// <summary>
/// Statements that cost about the same however many tickets there are: of what has the telling words of the text, a limited number is weighed.
/// Where the meaning of the text is known, the tickets nearest to it are weighed as well.
/// </summary>
public static class SimilarSql
{
    public const int MostWeighed = 300, MostCompared = 40, MostOwn = 100;

    /// <summary>How many more than are asked for have their titles compared.</summary>
    private const int MoreTitles = 15;

    /// <summary>How near two meanings must be, as a cosine: a model finds something near to anything.</summary>
    public const double Near = 0.5;

    /// <summary>How much the first places count before all others (Cormack, Clarke and Büttcher, 2009).</summary>
    private const int Head = 60;

    /// <summary>The stems of the text.</summary>
    public static TicketSql Stems(string schema, Likeness like)
    {
        var sql = new TicketSql(schema);
        return sql.As($"select l.lexeme, 'A' = any(l.weights) from unnest(setweight(to_tsvector('pg_catalog.english', {Cut(like.Title)}), 'A') || to_tsvector('pg_catalog.english', {Cut(like.Description)})) l");

        string Cut(string text) => sql.Value(Triage.Limits.Cut(text, Likeness.MostRead));
    }

    /// <summary>Solved tickets, with how like they are from 0 to 1.</summary>
    public static TicketSql Solved(string schema, string? trigrams, Meaning? meaning, Likeness like, TellingWords words, int limit) =>
        Find(new TicketSql(schema), schema, trigrams, meaning, like, words, "not t.is_open", "t.completed_at desc nulls last", limit, like.Owner);

    /// <summary>Tickets that are open, or were opened lately.</summary>
    public static TicketSql Current(string schema, Likeness like, TellingWords words, DateTimeOffset since, Guid first, int limit)
    {
        var sql = new TicketSql(schema);
        return Find(sql, schema, null, null, like, words, $"(t.is_open or t.created_at >= {sql.Value(since)})", $"(t.author_id = {sql.Value(first)}) desc, t.created_at desc", limit, first);
    }

    private static TicketSql Find(TicketSql sql, string schema, string? trigrams, Meaning? meaning, Likeness like, TellingWords words, string state, string order, int limit, Guid? first)
    {
        var any = $"(select {sql.Value(words.Any)}::tsquery)";
        var which = $"t.deleted_at is null and {state}{(like.Except is { } except ? $" and t.id <> {sql.Value(except)}" : "")}";
        var own = first is not { } owner ? null : $"select t.id from {sql.Tickets} t where t.author_id = {sql.Value(owner)} and {which} order by t.created_at desc limit {MostOwn}";
        string?[] arms =
        [
            own is null ? null : Among(own),
            like.Owner is not null ? null
                : words.Few is { } few
                ? $"(select t.id, x.words from {schema}.{SearchText.Table} x join {sql.Tickets} t on t.id = x.ticket_id where x.words @@ (select {sql.Value(few)}::tsquery) and {which} limit {MostWeighed})"
                // Words that are everywhere tell nothing: then the newest tickets are as good as any.
                : Among($"select t.id from {sql.Tickets} t where {which} order by t.number desc limit {MostWeighed}"),
        ];
        var score = trigrams is null ? "b.share" : $"(0.75 * b.share + 0.25 * {trigrams}.similarity(left(d.title, 255), left({sql.Value(Triage.Limits.Cut(like.Title, Likeness.MostRead))}, 255)))";

        return sql.As(
            $"""
            with terms as materialized (select u.lexeme, u.weight, u.query::tsquery as query from unnest({sql.Value(words.Lexemes)}::text[], {sql.Value(words.Weights)}::float8[], {sql.Value(words.Queries)}::text[]) as u(lexeme, weight, query)),
            found as materialized (select distinct on (id) id, words from ({string.Join(" union all ", arms.OfType<string>())}) f),
            weighed as materialized (select id, words from found order by ts_rank(words, {any}) desc, id desc limit {MostCompared}),
            {(meaning is null ? "pool as materialized (select w.id, w.words, 0::float8 as nearness from weighed w)" : Pool(sql, schema, meaning, own, like.Owner is null, which))},
            best as materialized (select p.id, p.nearness, m.share, m.matched from pool p,
                lateral (select coalesce(sum(weight) / {sql.Value(Math.Max(words.Weights.Sum(), double.Epsilon))}, 0) as share, array_agg(lexeme order by weight desc) as matched from terms where p.words @@ terms.query) m
                order by greatest(p.nearness, m.share) desc, p.id desc limit {sql.Value(limit + MoreTitles)}),
            scored as (select t.data, t.mt_version, t.id, t.author_id, t.created_at, t.completed_at, b.matched, b.nearness, d.merged, {score}::float8 as score
                from best b join {sql.Tickets} t on t.id = b.id, jsonb_to_record(t.data) as d(title text, "mergedInto" text, "isErased" boolean, merged jsonb)
                where d."mergedInto" is null and d."isErased" is not true)
            select t.data, t.mt_version, greatest(t.score, t.nearness) as score, t.matched,
                array(select m.author_id from {sql.Tickets} m where m.id in (select jsonb_array_elements_text(coalesce(t.merged, '[]'))::uuid)) as merged_authors
            from {(meaning is null ? "scored t order by t.score desc" : Fused)}, {order} limit {sql.Value(limit)}
            """);

        // Looked up one by one: the planner takes the index of words otherwise, which for common ones lists every ticket.
        string Among(string some) => $"""
            (select o.id, x.words from ({some}) o, lateral (select x.words from {schema}.{SearchText.Table} x where x.ticket_id = o.id offset 0) x
                where x.words @@ {any})
            """;
    }

    // The tickets nearest in meaning, by an index that knows roughly; of one person's, all are compared.
    private static string Pool(TicketSql sql, string schema, Meaning meaning, string? own, bool everybodys, string which)
    {
        var distance = $"e.embedding operator({meaning.Schema}.<=>) {sql.Value(meaning.Vector)}::real[]::{meaning.Schema}.vector";
        var model = sql.Value(meaning.Model);
        var from = everybodys ? $"{schema}.{Vectors.Table} e where e.is_solved" : $"({own}) o join {schema}.{Vectors.Table} e on e.ticket_id = o.id where e.is_solved";
        return $"""
            near as materialized (select t.id, n.nearness from (select e.ticket_id, e.model, 1 - ({distance}) as nearness from {from} order by {distance} limit {MostCompared}) n
                join {sql.Tickets} t on t.id = n.ticket_id where n.model = {model} and n.nearness >= {Near.ToString(System.Globalization.CultureInfo.InvariantCulture)} and {which}),
            pool as materialized (
                select coalesce(w.id, n.id) as id, coalesce(w.words, x.words) as words, coalesce(n.nearness, 0) as nearness
                from weighed w full join near n on n.id = w.id left join {schema}.{SearchText.Table} x on x.ticket_id = n.id)
            """;
    }

    // Words and nearness are not measured alike, so places are added, not numbers.
    private static readonly string Fused = $"""
        (select s.*, case when s.matched is null then 0 else 1.0 / ({Head} + rank() over (order by s.score desc)) end
            + case when s.nearness = 0 then 0 else 1.0 / ({Head} + rank() over (order by s.nearness desc)) end as places from scored s) t order by t.places desc
        """;
}
