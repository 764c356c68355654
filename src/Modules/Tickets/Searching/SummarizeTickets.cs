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
    [ProducesResponseType<ProblemDetails>(400)]
    public static async Task<TicketSummaryAnswer> Get(CurrentUser user, TicketLists lists, TimeProvider clock, CancellationToken ct)
    {
        var counts = await lists.ReadAsync(
            Counts(lists.Schema, user, clock.GetUtcNow()), row => (IsRecent: row.GetBoolean(0), Status: row.GetString(1), Tickets: row.GetInt32(2)), ct);
        var newest = await lists.RowsAsync(new TicketFilter { Limit = Newest - 1 }, TicketReach.Own(user), ct);
        return new(Summary(true), Summary(false), await lists.ViewsAsync(newest, user, ct));

        TicketSummary Summary(bool recent)
        {
            var tickets = counts.Where(count => count.IsRecent == recent).ToDictionary(count => count.Status, count => count.Tickets);
            int Of(string status) => tickets.GetValueOrDefault(status);
            return new(tickets.Values.Sum(), Of(Status.Todo), Of(Status.InProgress), Of(Status.Waiting), Of(Status.Completed));
        }
    }

    /// <summary>The first moment of the last 30 days: days are UTC's, and today is one of them.</summary>
    public static DateTimeOffset Begin(DateTimeOffset now) => new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero).AddDays(-29);

    /// <summary>Answered from the index alone.</summary>
    public static TicketSql Counts(string schema, CurrentUser user, DateTimeOffset now)
    {
        var sql = new TicketSql(schema);
        var (author, recent, since) = (sql.Value(user.Id), sql.Value(Begin(now)), sql.Value(Begin(now).AddDays(-30)));
        return sql.As($"select t.created_at >= {recent}, t.status, count(*)::int from {sql.Tickets} t "
            + $"where t.author_id = {author} and t.created_at >= {since} and t.deleted_at is null group by 1, 2");
    }
}
