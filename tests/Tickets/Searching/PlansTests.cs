using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using Npgsql;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Searching;
using TicMate.Tickets.Similar;

namespace TicMate.Tests.Tickets.Searching;

/// <summary>A service with 50,000 tickets, whose lists may take a second.</summary>
public sealed class FullApp : App
{
    protected override IEnumerable<(string, string)> Settings => [("Tickets:ListTimeout", "00:00:01")];
}

/// <summary>Every list that docs/lists.md names walks along an index, and sorts no more than a few pages.</summary>
public sealed class PlansTests(FullApp app) : Scenarios(app), IClassFixture<FullApp>
{
    private const int Tickets = 50_000, MostSorted = 2 * TicketSql.MostRanked;

    private static readonly string[] Staffs =
    [
        "/api/admin/tickets", "/api/admin/tickets?sort=createdAt", "/api/tickets?scope=all&status=todo,in_progress,waiting", "/api/admin/tickets?status=completed", "/api/admin/tickets?status=waiting",
        "/api/admin/tickets?sort=-updatedAt", "/api/admin/tickets?sort=-priority", "/api/admin/tickets?sort=-priority&status=todo,in_progress,waiting", "/api/admin/tickets?priority=urgent",
        "/api/admin/tickets?sort=deadline", "/api/admin/tickets?sort=deadline&overdue=true", "/api/admin/tickets?category=category 7", "/api/admin/tickets?skill=s7", "/api/admin/tickets?number={number}",
        "/api/admin/tickets?createdBy={author}", "/api/admin/tickets?assignedTo=me", "/api/admin/tickets?createdAfter=2025-01-01&createdBefore=2026-01-01", "/api/admin/tickets?q=w77", "/api/admin/tickets?q=printer",
        "/api/admin/tickets?q=w77&sort=-rank", "/api/admin/tickets?q=printer&sort=-rank", "/api/tickets/get-assigned", "/api/tickets/get-assigned?status=todo,in_progress,waiting&sort=-priority",
        "/api/tickets/get-assigned?status=todo", "/api/tickets/queue", "/api/tickets/queue?skill=T3",
    ];

    private static readonly string[] Owners =
        ["/api/tickets", "/api/tickets?sort=createdAt", "/api/tickets?status=todo,waiting", "/api/tickets?sort=-updatedAt", "/api/tickets?sort=-priority", "/api/tickets?q=w4", "/api/tickets?q=printer&sort=-rank"];

    [Fact]
    public async Task No_list_reads_or_sorts_all_tickets()
    {
        var (author, moderator, admin) = (await Someone(), await AModerator("s3", "T5"), await Someone(Roles.Admin));
        await ManyTickets.InsertYearsAsync(Store, author.Id, moderator.Id, Tickets, Ct);
        await using var connection = Store.Storage.Database.CreateConnection();
        await connection.OpenAsync(Ct);
        foreach (var table in new[] { "mt_doc_ticket", "ticket_text" })
            await using (var vacuum = new NpgsqlCommand($"vacuum analyze ticmate.{table}", connection))
                await vacuum.ExecuteNonQueryAsync(Ct);

        await using var newest = new NpgsqlCommand("select max(number) from ticmate.mt_doc_ticket where deleted_at is null", connection);
        var number = $"{await newest.ExecuteScalarAsync(Ct)}";

        var words = await Host.Services.GetRequiredService<TicketLists>().WordsAsync(Ct);
        List<string> wrong = [];
        var callers = Staffs.Select(url => (Url: url, Caller: moderator, Role: Roles.Moderator)).Concat(Owners.Select(url => (url, author, Roles.User))).Append(("/api/admin/tickets?deleted=true", admin, Roles.Admin));
        foreach (var (shape, caller, role) in callers)
        {
            var url = shape.Replace("{author}", author.Id.ToString(), StringComparison.Ordinal).Replace("{number}", number, StringComparison.Ordinal);
            var user = new CurrentUser(caller.Id, role, caller.SessionId);
            for (var (page, cursor) = (0, ""); page < 2 && cursor is not null; page++)
            {
                var address = $"{url}{(cursor.Length == 0 ? "" : $"{(url.Contains('?', StringComparison.Ordinal) ? '&' : '?')}cursor={cursor}")}";
                var statements = Sql(address, user, words);
                var (reply, run) = await Watch(() => Call(caller, "GET", address));

                reply.Status.ShouldBe(200, address);
                reply.Body["tickets"]!.AsArray().ShouldNotBeEmpty(address);
                run.ShouldContain(text => text.Contains(statements[0].Text, StringComparison.Ordinal), $"{address}\n{statements[0].Text}");
                foreach (var sql in statements)
                    wrong.AddRange((await Faults(connection, sql)).Select(fault => $"{address}: {fault}"));
                cursor = (string?)reply.Body["next"];
            }
        }

        foreach (var (name, sql) in new[] { (author, Roles.User), (moderator, Roles.Moderator) }.Select(c => new CurrentUser(c.Item1.Id, c.Item2, c.Item1.SessionId)).SelectMany(user => new[]
        {
            ($"summary as {user.Role}", SummarizeTicketsEndpoint.Sql("ticmate", user, DateTimeOffset.UtcNow)), ($"categories as {user.Role}", WordsInUse.Categories("ticmate", user)), ($"skills as {user.Role}", WordsInUse.Skills("ticmate", user)),
        }))
            wrong.AddRange((await Faults(connection, sql)).Select(fault => $"{name}: {fault}"));

        foreach (var text in new[] { "w77 of number 12345", "Printer", "Words of printers" })
            foreach (var whose in new Guid?[] { null, author.Id })
            {
                var like = new Likeness(text, text, Guid.NewGuid(), whose);
                var telling = await Host.Services.GetRequiredService<SimilarTickets>().TellingAsync(like, Ct);
                foreach (var sql in new[] { SimilarSql.Solved("ticmate", null, null, like, telling, 5), SimilarSql.Current("ticmate", like, telling, DateTimeOffset.UtcNow.AddDays(-30), author.Id, 20) })
                    wrong.AddRange((await Faults(connection, sql)).Select(fault => $"like {text}, {(whose is null ? "everybody's" : "own")}: {fault}"));
            }

        wrong.ShouldBeEmpty();
        (await Plan(connection, SummarizeTicketsEndpoint.Sql("ticmate", new CurrentUser(author.Id, Roles.User, default), DateTimeOffset.UtcNow)))
            .ShouldContain(node => (string?)node["Node Type"] == "Index Only Scan" && (string?)node["Index Name"] == "tickets_of_author");
    }

    [Fact]
    public async Task A_list_that_takes_too_long_is_given_up_and_nothing_else_is()
    {
        var admin = await Someone(Roles.Admin);
        await using var connection = Store.Storage.Database.CreateConnection();
        await connection.OpenAsync(Ct);
        await using (var transaction = await connection.BeginTransactionAsync(Ct))
        {
            await using var hold = new NpgsqlCommand("lock table ticmate.ticket_text in access exclusive mode", connection);
            await hold.ExecuteNonQueryAsync(Ct);

            var reply = (await Call(admin, "GET", "/api/admin/tickets?q=x")).ShouldRefuse(503, "too-slow");
            reply.Http.Response.Headers.RetryAfter.ToString().ShouldNotBeEmpty();
        }

        (await Call(admin, "GET", "/api/admin/tickets?q=x")).Status.ShouldBe(200);
        await using var session = Store.QuerySession();
        (await session.QueryAsync<string>("select current_setting('statement_timeout') from generate_series(1, 3)", Ct)).ShouldAllBe(timeout => timeout == "0");
    }

    // What the endpoint runs; that it does is seen by watching it.
    private static TicketSql[] Sql(string address, CurrentUser user, WordStatistics words)
    {
        var parts = address.Split('?', 2);
        var query = HttpUtility.ParseQueryString(parts.Length > 1 ? parts[1] : "");
        var list = TicketList.All.Single(l => l.Route == parts[0]);
        var (filter, _) = TicketFilter.Read(list, new QueryCollection(query.AllKeys.ToDictionary(key => key!, key => new StringValues(query[key]))), user);
        if (list == TicketList.Queue)
            return [GetQueueEndpoint.Sql("ticmate", filter, user, ["s3", "T5"], DateTimeOffset.UtcNow)];

        var (reach, now) = (list == TicketList.Assigned ? TicketReach.Work(user) : list == TicketList.Every || filter.Everybodys ? TicketReach.Everything(user) : TicketReach.Own(user), DateTimeOffset.UtcNow);
        var way = filter.Terms is { } terms ? SearchWay.Of(terms, filter.Limit + 1, words) : null;
        return [.. new[] { TicketSql.Walk("ticmate", filter, reach, now, way), TicketSql.Page("ticmate", filter, reach, now, way) }.OfType<TicketSql>()];
    }

    private static async Task<IEnumerable<string>> Faults(NpgsqlConnection connection, TicketSql sql) => (await Plan(connection, sql)).SelectMany(node => (string?)node["Node Type"] switch
    {
        "Seq Scan" when (string?)node["Relation Name"] is "mt_doc_ticket" or "ticket_text" => [$"reads all of {node["Relation Name"]}"],
        "Sort" or "Incremental Sort" when (double)node["Plans"]![0]!["Plan Rows"]! > MostSorted => [$"sorts {node["Plans"]![0]!["Plan Rows"]} rows"],
        "Index Scan" or "Bitmap Heap Scan" when (double)node["Plan Rows"]! is var rows && rows > Tickets / 2 && !IsLimited(node) => [$"reads {rows} rows"],
        _ => Array.Empty<string>(),
    });

    private static bool IsLimited(JsonNode node)
    {
        for (var parent = node.Parent?.Parent; parent is not null; parent = parent.Parent?.Parent)
            if ((string?)parent["Node Type"] == "Limit")
                return true;

        return false;
    }

    private static async Task<List<JsonNode>> Plan(NpgsqlConnection connection, TicketSql sql)
    {
        await using var explain = new NpgsqlCommand($"explain (format json) {sql.Text}", connection);
        foreach (var parameter in sql.Parameters)
            explain.Parameters.Add(parameter.Clone());

        List<JsonNode> nodes = [];
        Walk(JsonNode.Parse((string)(await explain.ExecuteScalarAsync(Ct))!)![0]!["Plan"]!);
        return nodes;

        void Walk(JsonNode node)
        {
            nodes.Add(node);
            foreach (var child in node["Plans"]?.AsArray() ?? [])
                Walk(child!);
        }
    }

    private static async Task<(Reply, string[])> Watch(Func<Task<Reply>> call)
    {
        var texts = new ConcurrentBag<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql", Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => texts.Add((activity.GetTagItem("db.query.text") ?? activity.GetTagItem("db.statement")) as string ?? ""),
        };
        ActivitySource.AddActivityListener(listener);
        return (await call(), [.. texts]);
    }
}
