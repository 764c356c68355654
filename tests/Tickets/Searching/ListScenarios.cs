using System.Text.Json.Nodes;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;

namespace TicMate.Tests.Tickets.Searching;

/// <summary>What tests of lists do: open tickets without a word to the agent, and read lists.</summary>
public abstract class ListScenarios(App app) : AppTest(app)
{
    private static int number = 500_000_000;

    protected async Task<Guid> Given(Caller author, string title = "t", params Func<Guid, object>[] then)
    {
        var id = Guid.CreateVersion7();
        return await Given(new TicketCreated(id, Interlocked.Increment(ref number), author.Id, title, "d"), then);
    }

    protected async Task<Guid> Given(TicketCreated created, params Func<Guid, object>[] then)
    {
        await using var session = Store.LightweightSession();
        session.Events.StartStream<Ticket>(created.TicketId, [created with { Number = created.Number == 0 ? Interlocked.Increment(ref number) : created.Number }, .. then.Select(make => make(created.TicketId))]);
        await session.SaveChangesAsync(Ct);
        return created.TicketId;
    }

    protected static TicketCreated Opened(Caller author, string title = "t", string description = "d") => new(Guid.CreateVersion7(), 0, author.Id, title, description);

    protected static Func<Guid, object> Deleted(Caller by) => id => new TicketDeleted(id, by.Id, null);

    protected static Func<Guid, object> Moved(string to) => id => new TicketStatusChanged(id, null, "todo", to, null);

    protected static Func<Guid, object> AssignedTo(Caller person) => id => new TicketAssigned(id, person.Id, null, [], "");

    protected static Func<Guid, object> Needs(params string[] skills) => id => new TicketSkillsRecorded(id, skills);

    protected static Func<Guid, object> Prioritised(string priority) => id => new TicketPrioritised(id, Guid.NewGuid(), priority);

    /// <summary>The titles of a list, in its order.</summary>
    protected async Task<string[]> Titles(Caller caller, string url)
    {
        var reply = await Call(caller, "GET", url);
        reply.Status.ShouldBe(200, reply.Json?.ToJsonString());
        return [.. reply.Body["tickets"]!.AsArray().Select(t => (string)t!["title"]!)];
    }

    /// <summary>All pages of a list, by its Link headers.</summary>
    protected async Task<List<JsonNode>> Follow(Caller caller, string url, Func<Task>? meanwhile = null)
    {
        List<JsonNode> all = [];
        for (string? next = url; next is not null;)
        {
            var page = await Call(caller, "GET", next);
            page.Status.ShouldBe(200, page.Json?.ToJsonString());
            all.AddRange(page.Body["tickets"]!.AsArray().Select(t => t!));

            var link = page.Http.Response.Headers.Link.ToString();
            (link.Length == 0).ShouldBe(page.Body["next"] is null);
            if (link.Length > 0)
                link.ShouldEndWith(">; rel=\"next\"");
            next = link.Length == 0 ? null : link[1..link.IndexOf('>', StringComparison.Ordinal)];
            if (meanwhile is not null)
                await meanwhile();
        }

        return all;
    }
}
