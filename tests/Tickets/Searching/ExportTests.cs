using System.Text;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Searching;

namespace TicMate.Tests.Tickets.Searching;

public sealed class ExportTests(App app) : ListScenarios(app)
{
    [Fact]
    public async Task An_export_is_a_table_that_no_spreadsheet_runs()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        await Given(Opened(author, "=HYPERLINK(\"http://x\")", "two\nlines, \"quoted\"") with { Category = "＝1+1" }, id => new TicketNotesRewritten(id, moderator.Id, "secret"));

        var (type, disposition, csv) = await Export(author, "");

        (type, disposition).ShouldBe(("text/csv; charset=utf-8", "attachment; filename=\"tickets.csv\""));
        csv.ShouldStartWith(string.Join(",", TicketExport.Header) + "\r\n");
        csv.ShouldContain(",\"'=HYPERLINK(\"\"http://x\"\")\",\"two\nlines, \"\"quoted\"\"\",todo,medium,'＝1+1,");
        csv.ShouldNotContain("secret");
        (await Export(moderator, $"?scope=all&createdBy={author.Id}")).Csv.ShouldContain("secret");
    }

    [Fact]
    public async Task An_export_has_every_ticket_of_its_list_once_in_order()
    {
        var (author, admin) = (await Someone(), await Someone(Roles.Admin));
        await ManyTickets.InsertAsync(Store, author.Id, TicketExport.PageSize + 3, Ct);
        await Given(author, "done", Moved("completed"));
        await Given(author, "gone", Deleted(author));

        Titles((await Export(author, "?sort=createdAt&status=todo")).Csv).ShouldBe(Enumerable.Range(1, TicketExport.PageSize + 3).Select(n => $"n{n}"));
        Titles((await Export(author, "")).Csv)[..2].ShouldBe(["done", $"n{TicketExport.PageSize + 3}"]);
        Titles((await Export(admin, $"?scope=all&createdBy={author.Id}")).Csv)[..2].ShouldBe(["gone", "done"]);
        foreach (var query in new[] { "limit=1", "cursor=x", "sort=-priority" })
            (await Call(author, "GET", $"/api/tickets/export.csv?{query}")).ShouldFault(query.Split('=')[0]);
    }

    [Fact]
    public async Task An_export_that_fails_midway_does_not_look_like_a_whole_one()
    {
        var author = await Someone();
        await ManyTickets.InsertAsync(Store, author.Id, TicketExport.PageSize + 5, Ct);
        await GiveReplies("5");

        using var client = Host.Server.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", author.Token);
        using var response = await client.GetAsync("/api/tickets/export.csv?sort=createdAt", HttpCompletionOption.ResponseHeadersRead, Ct);

        ((int)response.StatusCode).ShouldBe(200);
        await Should.ThrowAsync<Exception>(() => response.Content.ReadAsStringAsync(Ct).InTime("the answer breaks off"));
        await GiveReplies("[]");

        async Task GiveReplies(string json)
        {
            await using var session = Store.LightweightSession();
            session.QueueSqlCommand("update ticmate.mt_doc_ticket set data = jsonb_set(data, '{replies}', ?::jsonb) where author_id = ? and data ->> 'title' = 'n502'", json, author.Id);
            await session.SaveChangesAsync(Ct);
        }
    }

    private async Task<(string? Type, string? Disposition, string Csv)> Export(Caller caller, string query)
    {
        using var client = Host.Server.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", caller.Token);
        using var response = await client.GetAsync($"/api/tickets/export.csv{query}", Ct);
        ((int)response.StatusCode).ShouldBe(200);
        return (response.Content.Headers.ContentType?.ToString(), response.Content.Headers.ContentDisposition?.ToString(), Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(Ct)));
    }

    private static string[] Titles(string csv) => [.. csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split(',')[2])];
}
