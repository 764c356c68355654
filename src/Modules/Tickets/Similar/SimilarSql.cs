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
/// One statement that costs about the same however many tickets there are. The telling words of the text are chosen by how rare they are,
/// which the database's own statistics of the words know; of what has those, a limited number is weighed.
/// </summary>
public static class SimilarSql
{
    public const int MostTerms = 24, MostMatches = 1_000, MostWeighed = 300, MostCompared = 40, MostOwn = 500;

    /// <summary>How rare a word is while there are no statistics; later, one that they do not list is half as frequent as the rarest that they do.</summary>
    private const string Rare = "0.0005";

    /// <summary>Solved tickets, with how like they are from 0 to 1.</summary>
    public static TicketSql Solved(string schema, string? trigrams, Likeness like, int limit) => Find(schema, trigrams, like, "not t.is_open", "t.completed_at desc nulls last", limit);

    /// <summary>Tickets that are open, or were opened lately.</summary>
    public static TicketSql Current(string schema, Likeness like, DateTimeOffset since, Guid first, int limit)
    {
        var sql = new TicketSql(schema);
        return Find(sql, schema, null, like, $"(t.is_open or t.created_at >= {sql.Value(since)})", $"(t.author_id = {sql.Value(first)}) desc, t.created_at desc", limit, first);
    }

    private static TicketSql Find(string schema, string? trigrams, Likeness like, string state, string order, int limit) =>
        Find(new TicketSql(schema), schema, trigrams, like, state, order, limit, like.Owner);

    private static TicketSql Find(TicketSql sql, string schema, string? trigrams, Likeness like, string state, string order, int limit, Guid? first)
    {
        var (title, body) = (sql.Value(Triage.Limits.Cut(like.Title, Likeness.MostRead)), sql.Value(Triage.Limits.Cut(like.Description, Likeness.MostRead)));
        var which = $"t.deleted_at is null and {state}{(like.Except is { } except ? $" and t.id <> {sql.Value(except)}" : "")}";
        var own = first is not { } owner ? null
            : $"""
            (select o.id, x.words from (select t.id from {sql.Tickets} t where t.author_id = {sql.Value(owner)} and {which} order by t.created_at desc limit {MostOwn}) o
                join {schema}.{SearchText.Table} x on x.ticket_id = o.id where x.words @@ (select few from queries))
            """;
        var everybodys = like.Owner is not null ? null
            : $"""
            (select t.id, x.words from {schema}.{SearchText.Table} x join {sql.Tickets} t on t.id = x.ticket_id
                where x.words @@ (select few from queries) and {which} limit {MostWeighed})
            """;
        var score = trigrams is null ? "b.share" : $"(0.75 * b.share + 0.25 * {trigrams}.similarity(left(t.data ->> 'title', 255), left({title}, 255)))";

        return sql.As(
            $"""
            with common as materialized (
                select c.lexeme, c.share from pg_stats s, unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) as c(lexeme, share)
                where s.schemaname = '{schema}' and s.tablename = '{SearchText.Table}' and s.attname = 'words' and c.lexeme is not null),
            terms as materialized (
                select lexeme, share, ln(1 / share) * case when titled then 1.5 else 1 end as weight, sum(share) over (order by share, titled desc, length(lexeme) desc, lexeme) as upto,
                    row_number() over (order by share, titled desc, length(lexeme) desc, lexeme) as nth,
                    ('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''')::tsquery as query
                from (select l.lexeme, 'A' = any(l.weights) as titled, least(coalesce(c.share, (select min(share) / 2 from common), {Rare}), 0.95)::float8 as share
                    from unnest(setweight(to_tsvector('pg_catalog.english', {title}), 'A') || to_tsvector('pg_catalog.english', {body})) l left join common c using (lexeme)) known
                order by nth limit {MostTerms}),
            size as materialized (select greatest(reltuples, 1) as tickets from pg_class where oid = '{schema}.{SearchText.Table}'::regclass),
            queries as materialized (
                select case when min(share) * min(tickets) > {MostMatches} and count(*) > 1
                        then (min(query::text) filter (where nth = 1))::tsquery && (string_agg(query::text, ' | ') filter (where nth > 1))::tsquery
                        else (string_agg(query::text, ' | ') filter (where nth = 1 or upto * tickets <= {MostMatches}))::tsquery end as few,
                    string_agg(query::text, ' | ')::tsquery as any_of_them, sum(weight) as weight
                from terms, size),
            found as materialized (select distinct on (id) id, words from ({string.Join(" union all ", new[] { own, everybodys }.OfType<string>())}) f),
            weighed as materialized (select id, words from found order by ts_rank(words, (select any_of_them from queries)) desc, id desc limit {MostCompared}),
            best as (select w.id, m.share, m.matched from weighed w,
                lateral (select sum(weight) / (select weight from queries) as share, array_agg(lexeme order by weight desc) as matched from terms where w.words @@ terms.query) m)
            select t.data, t.mt_version, {score}::float8 as score, b.matched,
                array(select m.author_id from {sql.Tickets} m where m.id in (select jsonb_array_elements_text(coalesce(t.data -> 'merged', '[]'))::uuid)) as merged_authors
            from best b join {sql.Tickets} t on t.id = b.id
            where t.data ->> 'mergedInto' is null and t.data ->> 'isErased' is distinct from 'true'
            order by score desc, {order} limit {sql.Value(limit)}
            """);
    }
}
