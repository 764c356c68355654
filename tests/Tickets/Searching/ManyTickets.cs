using Marten;

namespace TicMate.Tests.Tickets.Searching;

/// <summary>More tickets than anybody opens by hand, put where their projections would have put them.</summary>
public static class ManyTickets
{
    private static int numbers = 700_000_000;

    /// <summary>So many tickets of one author: n1, n2, …</summary>
    public static Task InsertAsync(IDocumentStore store, Guid author, int count, CancellationToken ct) => InsertAsync(store, count,
        $"'{author}'::uuid", "null::uuid", "'n' || n", "'todo'", "2", "''", "array[]::varchar[]", "null::timestamptz", "false", "interval '1 second'", ct);

    /// <summary>A few years of a helpdesk: of 500 people, one of whom is known, worked on by 30, of whom one is known.</summary>
    public static Task InsertYearsAsync(IDocumentStore store, Guid author, Guid assignee, int count, CancellationToken ct) => InsertAsync(store, count,
        $"case when n % 499 = 0 then '{author}'::uuid else md5('author' || n % 499)::uuid end",
        $"case when n % 7 = 0 then null when n % 31 = 1 then '{assignee}'::uuid else md5('staff' || n % 31)::uuid end",
        "'Printer w' || n % 1000", "case when n % 10 < 7 then 'completed' else (array['todo', 'in_progress', 'waiting'])[1 + n % 3] end",
        "n * 7 % 4", "'category ' || n % 40", "array['S' || n % 100, 'T' || n % 13]::varchar[]", $"case when n % 2 = 0 then now() + (n - {count / 2}) * interval '1 hour' end", "n % 1000 = 5", "interval '20 minutes'", ct);

    private static async Task InsertAsync(
        IDocumentStore store, int count, string author, string assignee, string title, string status, string urgency, string category, string skills, string deadline, string deleted, string apart, CancellationToken ct)
    {
        await using var session = store.LightweightSession();
        session.QueueSqlCommand(
            $"""
            insert into ticmate.mt_doc_ticket (id, data, mt_version, mt_dotnet_type, number, author_id, assignee_id, status, is_open, urgency, category, skill_keys, created_at, updated_at, due, completed_at, deleted_at)
            select id, jsonb_strip_nulls(jsonb_build_object('id', id, 'version', 1, 'number', number, 'authorId', author, 'assigneeId', assignee, 'title', title, 'description', 'Words of number ' || number, 'status', status,
                    'priority', (array['urgent', 'high', 'medium', 'low'])[urgency + 1], 'category', category, 'relatedSkills', to_jsonb(skills), 'replies', '[]'::jsonb, 'createdAt', created, 'updatedAt', created,
                    'deadline', deadline, 'deletedAt', case when deleted then created end)),
                1, 'TicMate.Tickets.Ticket', number, author, assignee, status, status <> 'completed', urgency, category, skills, created, created, coalesce(deadline, 'infinity'),
                case when status = 'completed' then created end, case when deleted then created end
            from (select gen_random_uuid() as id, {Interlocked.Add(ref numbers, count) - count} + n as number, {author} as author, {assignee} as assignee, {title} as title, {status} as status, {urgency} as urgency,
                {category} as category, {skills} as skills, {deadline} as deadline, {deleted} as deleted, date_trunc('milliseconds', now()) - ({count} - n) * {apart} as created from generate_series(1, {count}) n) made
            """);
        session.QueueSqlCommand("insert into ticmate.ticket_text select id, ticmate.ticket_words(data), created_at, number from ticmate.mt_doc_ticket where not exists (select from ticmate.ticket_text where ticket_id = id)");
        await session.SaveChangesAsync(ct);
    }
}
