using System.Text.Json.Nodes;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Searching;

namespace TicMate.Tests.Tickets.Searching;

public sealed class SummaryTests(App app) : ListScenarios(app)
{
    [Fact]
    public async Task The_summary_counts_two_windows_and_nothing_else()
    {
        var (author, other) = (await Someone(), await Someone());
        var begin = SummarizeTicketsEndpoint.Begin(DateTimeOffset.UtcNow);
        foreach (var (created, status) in new[]
        {
            (begin, Status.Todo), (begin.AddDays(1), Status.Waiting), (begin.AddMicroseconds(-1), Status.Completed), (begin.AddDays(-30), Status.InProgress), (begin.AddDays(-30).AddMicroseconds(-1), Status.Todo),
        })
            await CreatedAt(await Given(author, "old", Moved(status)), created);
        await Given(author, "gone", Deleted(author));
        await Given(other);
        foreach (var n in Enumerable.Range(1, 6))
            await Given(author, $"{n}", n % 2 == 0 ? [Moved(Status.Completed)] : []);

        var reply = (await Call(author, "GET", "/api/tickets/tickets-summary")).Body;

        Numbers(reply["summary"]!).ShouldBe([8, 4, 0, 1, 3]);
        Numbers(reply["previousSummary"]!).ShouldBe([2, 0, 1, 0, 1]);
        reply["tickets"]!.AsArray().Select(t => (string)t!["title"]!).ShouldBe(["6", "5", "4", "3", "2"]);
    }

    [Theory]
    [InlineData("tickets-summary"), InlineData("categories"), InlineData("skills")]
    public async Task Lists_that_take_no_parameter_say_so(string list) =>
        (await Call(await Someone(), "GET", $"/api/tickets/{list}?foo=1&limit=5")).ShouldFault("foo", "limit");

    [Fact]
    public async Task What_the_caller_just_did_is_counted()
    {
        var author = await Someone();
        var id = (Guid)(await Call(author, "POST", "/api/tickets", new { title = "t", description = "d" })).Ticket["id"]!;
        Numbers((await Call(author, "GET", "/api/tickets/tickets-summary")).Body["summary"]!).ShouldBe([1, 1, 0, 0, 0]);

        await Call(author, "PUT", $"/api/tickets/status/{id}");
        Numbers((await Call(author, "GET", "/api/tickets/tickets-summary")).Body["summary"]!).ShouldBe([1, 0, 0, 0, 1]);
    }

    private async Task CreatedAt(Guid id, DateTimeOffset time)
    {
        await using var session = Store.LightweightSession();
        session.QueueSqlCommand("update ticmate.mt_doc_ticket set created_at = ? where id = ?", time, id);
        await session.SaveChangesAsync(Ct);
    }

    private static int[] Numbers(JsonNode summary) => [.. new[] { "totalTickets", "todo", "inProgress", "waiting", "completed" }.Select(name => (int)summary[name]!)];
}
