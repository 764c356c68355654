using System.Globalization;
using CsvHelper;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Reading;

namespace TicMate.Tickets.Searching;

public static class ExportTicketsEndpoint
{
    public static (TicketFilter, ProblemDetails) Validate(CurrentUser user, HttpContext http) => TicketFilter.Read(TicketList.Export, http.Request.Query, user);

    /// <summary>The tickets of a list as one table. It is read page by page while it is sent, so it needs the memory of one page.</summary>
    [RecordsRead("tickets-export", EveryTime = true), WolverineGet("/api/tickets/export.csv")]
    [ProducesResponseType(typeof(string), 200, "text/csv"), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403)]
    public static IResult Get(TicketFilter filter, CurrentUser user, TicketLists lists) =>
        new TicketExport(filter with { Limit = TicketExport.PageSize }, user, lists);
}

public sealed record TicketExport(TicketFilter Filter, CurrentUser User, TicketLists Lists) : IResult
{
    public const int PageSize = 500;

    public static readonly string[] Header =
    [
        "number", "id", "title", "description", "status", "priority", "category", "deadline", "overdue", "createdBy", "createdById", "assignedTo", "assignedToId",
        "relatedSkills", "helpfulNotes", "replyCount", "createdAt", "updatedAt", "completedAt", "deletedAt",
    ];

    public async Task ExecuteAsync(HttpContext http)
    {
        var (ct, filter) = (http.RequestAborted, Filter);
        var reach = filter.Everybodys ? TicketReach.Everything(User) : TicketReach.Own(User) with { WithDeleted = User.Role is Roles.Admin };

        // What is wrong so far is still an ordinary error. Later the connection breaks, so that nobody takes a part for the whole.
        var rows = await Lists.RowsAsync(filter, reach, ct);
        http.Response.ContentType = "text/csv; charset=utf-8";
        http.Response.Headers.ContentDisposition = "attachment; filename=\"tickets.csv\"";

        await using var csv = CsvWriter.Create(http.Response.Body, QuotedForAnySeparator, leaveOpen: true);
        await WriteAsync(csv, Header, ct);

        while (true)
        {
            foreach (var ticket in await Lists.ViewsAsync(rows.Take(PageSize), User, ct))
                await WriteAsync(csv, Cells(ticket), ct);

            await csv.FlushAsync(ct);
            await http.Response.Body.FlushAsync(ct);
            if (rows.Count <= PageSize)
                return;

            filter = filter with { After = TicketLists.CursorAt(rows[PageSize - 1], filter.Sort) };
            rows = await Lists.RowsAsync(filter, reach, ct);
        }
    }

    // Where a spreadsheet takes a semicolon or a tab for the separator, an unquoted one would begin a cell of its own.
    private static readonly CsvWriterOptions QuotedForAnySeparator = new() { ShouldQuote = (field, _, _, _) => field.IndexOfAny(';', '\t') >= 0 };

    private static async Task WriteAsync(CsvWriter csv, IEnumerable<string?> cells, CancellationToken ct)
    {
        foreach (var cell in cells)
            csv.WriteField(Spreadsheet.Harmless(cell ?? ""));

        await csv.EndRecordAsync(ct);
    }

    private static string?[] Cells(TicketView t) =>
    [
        Text(t.Number), t.Id.ToString(), t.Title, t.Description, t.Status, t.Priority, t.Category, Time(t.Deadline), t.Overdue ? "true" : "false",
        t.CreatedBy.Name, t.CreatedBy.Id.ToString(), t.AssignedTo?.Name, t.AssignedTo?.Id.ToString(), string.Join("; ", t.RelatedSkills),
        t.HelpfulNotes, Text(t.ReplyCount), Time(t.CreatedAt), Time(t.UpdatedAt), Time(t.CompletedAt), Time(t.DeletedAt),
    ];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string? Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);
}
