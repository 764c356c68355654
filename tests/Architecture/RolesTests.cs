using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using TicMate.Host;
using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Conversation;

namespace TicMate.Tests.Architecture;

/// <summary>Walks docs/roles.md against the running service: every API route, as everybody.</summary>
public sealed class RolesTests(App app) : AppTest(app)
{
    private static readonly string[] Columns = ["anyone", "stranger", "owner", "moderator", "admin", "deactivated"];

    private static Dictionary<string, string[]> Table => File.ReadLines(Path.Combine(Database.Checkout, "docs", "roles.md"))
        .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && line.Contains(" /api/", StringComparison.Ordinal))
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        .ToDictionary(cells => cells[0], cells => cells[1..]);

    private IEnumerable<RouteEndpoint> ApiEndpoints => Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(e => e.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal));

    [Fact]
    public void Every_route_is_in_the_table_and_every_row_is_a_route() =>
        ApiEndpoints.SelectMany(e => e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(m => $"{m} {e.RoutePattern.RawText}"))
            .ShouldBe(Table.Keys, ignoreOrder: true);

    [Fact]
    public async Task Everybody_gets_what_the_table_says()
    {
        List<string> wrong = [];
        foreach (var (route, cells) in Table)
            foreach (var (who, n) in Columns.Select((who, n) => (who, n)))
            {
                var expected = who == "deactivated" ? cells[0] : cells[n];
                var status = await Try(route, who);
                var got = status is 401 or 403 or 404 ? $"{status}" : status < 500 ? "yes" : $"{status}";
                if (got != expected)
                    wrong.Add($"{route} as {who}: {got}, not {expected}");
            }

        wrong.ShouldBeEmpty();
    }

    private async Task<int> Try(string route, string who)
    {
        var (owner, admin) = (await Someone(), await Someone(Roles.Admin));
        var (ticket, other, reply, note) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        await using (var session = Store.LightweightSession())
        {
            session.Events.StartStream<Ticket>(
                ticket, new TicketCreated(ticket, Random.Shared.Next(1_000_000, int.MaxValue), owner.Id, "t", "d"), new TicketReplied(ticket, reply, owner.Id, "r"),
                new TicketLinked(ticket, other, 1, LinkKind.Related, admin.Id), Tickets.Advice.Triaged(ticket, "m", "low", [], "n", "s"));
            session.Events.StartStream<Ticket>(other, new TicketCreated(other, Random.Shared.Next(1_000_000, int.MaxValue), owner.Id, "t", "d"));
            session.Events.StartStream<Note>(note, new NoteWritten(note, ticket, admin.Id, "n"));
            await session.SaveChangesAsync(Ct);
        }

        var caller = who switch
        {
            "anyone" => null, "owner" => owner, "moderator" => await AModerator(), "admin" => admin,
            "deactivated" => await Deactivated(owner), _ => await Someone(),
        };

        var (method, url) = (route.Split(' ')[0], route.Split(' ')[1].Replace("{field}", "priority", StringComparison.Ordinal).Replace("{ticketId}", ticket.ToString(), StringComparison.Ordinal)
            .Replace("{otherId}", other.ToString(), StringComparison.Ordinal)
            .Replace("{replyId}", reply.ToString(), StringComparison.Ordinal).Replace("{noteId}", note.ToString(), StringComparison.Ordinal)
            .Replace("{name}", "Spend", StringComparison.Ordinal).Replace("{deadLetterId}", Guid.NewGuid().ToString(), StringComparison.Ordinal)
            .Replace("{userId}", owner.Id.ToString(), StringComparison.Ordinal)
            .Replace("{handleId}", Guid.NewGuid().ToString(), StringComparison.Ordinal).Replace("{keyId}", Guid.NewGuid().ToString(), StringComparison.Ordinal));

        // A stream would not end; an unreadable header lets the caller in and no further.
        var answer = await Call(caller, method, url, method == "GET" ? null : new { ticketId = ticket, userId = owner.Id },
            x => x.WithRequestHeader("Last-Event-ID", "none"));

        // What the caller may do but cannot, since something else in the request is missing, is still theirs to do.
        return answer.Status == 401 && answer.Code is "wrong-credentials" or "refresh-token-invalid" ? 400 : answer.Status;
    }

    private async Task<Caller> Deactivated(Caller person)
    {
        await using var session = Store.LightweightSession();
        session.Events.Append(person.Id, new UserDeactivated(person.Id));
        await session.SaveChangesAsync(Ct);
        return person;
    }
}
