using System.Data.Common;
using System.Text.Json;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;

namespace TicMate.Tickets.Searching;

public sealed record TicketSummary(int TotalTickets, int Todo, int InProgress, int Waiting, int Completed);

/// <summary>The caller's tickets: of the last 30 days, of the 30 days before, and the five newest.</summary>
public sealed record TicketSummaryAnswer(TicketSummary Summary, TicketSummary PreviousSummary, IReadOnlyList<TicketView> Tickets) : Answer;

public static class SummarizeTicketsEndpoint
{
    public static ProblemDetails Validate(HttpContext http) => TicketList.TakesNothing(http);

    private const int Newest = 5;

    [WolverineGet("/api/tickets/tickets-summary")]
    [ProducesResponseType<TicketSummaryAnswer>(200), ProducesResponseType<ProblemDetails>(400)]
    public static async Task<IResult> Get(CurrentUser user, TicketLists lists, TicketReader reader, TimeProvider clock, CancellationToken ct)
    {
        var rows = await lists.ReadAsync(Sql(lists.Schema, user, clock.GetUtcNow()), Read, ct);
        var write = await reader.WritingAsync([.. rows.Where(row => row.Ticket is not null).Select(row => row.Ticket!)], user, ct);
        return new WrittenAnswer(answer =>
        {
            Write(answer, "summary", recent: true);
            Write(answer, "previousSummary", recent: false);
            answer.WriteStartArray("tickets"u8);
            write(answer);
            answer.WriteEndArray();
        });

        void Write(Utf8JsonWriter answer, string name, bool recent)
        {
            var tickets = rows.Where(row => row.Ticket is null && row.IsRecent == recent).ToDictionary(row => row.Status, row => row.Tickets);
            answer.WriteStartObject(name);
            answer.WriteNumber("totalTickets"u8, tickets.Values.Sum());
            answer.WriteNumber("todo"u8, tickets.GetValueOrDefault(Status.Todo));
            answer.WriteNumber("inProgress"u8, tickets.GetValueOrDefault(Status.InProgress));
            answer.WriteNumber("waiting"u8, tickets.GetValueOrDefault(Status.Waiting));
            answer.WriteNumber("completed"u8, tickets.GetValueOrDefault(Status.Completed));
            answer.WriteEndObject();
        }
    }

    /// <summary>The first moment of the last 30 days: days are UTC's, and today is one of them.</summary>
    public static DateTimeOffset Begin(DateTimeOffset now) => new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero).AddDays(-29);

    /// <summary>The counts, from the index alone, and then the newest tickets.</summary>
    public static TicketSql Sql(string schema, CurrentUser user, DateTimeOffset now)
    {
        var sql = new TicketSql(schema);
        var (author, recent, since) = (sql.Value(user.Id), sql.Value(Begin(now)), sql.Value(Begin(now).AddDays(-30)));
        return sql.As(
            $"""
            select r.listed, r.mt_version, r.is_recent, r.status, r.tickets from (
                select null::text as listed, null::bigint as mt_version, t.created_at >= {recent} as is_recent, t.status, count(*)::int as tickets, null::timestamptz as created_at, null::int as number
                from {sql.Tickets} t where t.author_id = {author} and t.created_at >= {since} and t.deleted_at is null group by 3, 4
                union all
                (select {TicketSql.Listed}, t.mt_version, null, null, null, t.created_at, t.number from {sql.Tickets} t where t.author_id = {author} and t.deleted_at is null
                order by t.created_at desc, t.number desc limit {Newest})) r
            order by r.created_at desc nulls first, r.number desc
            """);
    }

    private static (StoredTicket? Ticket, bool IsRecent, string Status, int Tickets) Read(DbDataReader row) => row.IsDBNull(0)
        ? (null, row.GetBoolean(2), row.GetString(3), row.GetInt32(4)) : (TicketLists.Ticket(row), false, "", 0);
}
