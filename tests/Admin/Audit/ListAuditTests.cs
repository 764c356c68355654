using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Marten;
using Npgsql;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using TicMate.Admin.Audit;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;

namespace TicMate.Tests.Admin.Audit;

public sealed class ListAuditTests(App app) : AuditScenarios(app)
{
    [Fact]
    public async Task The_audit_says_who_did_what_to_whom_when_from_where_and_what_it_changed()
    {
        var (author, moderator, admin) = (await Someone(), await AModerator(), await Someone(Roles.Admin));
        var id = (Guid)(await ATicket(author))["id"]!;
        await From("203.0.113.77", moderator, "PATCH", $"/api/tickets/{id}", new { priority = "urgent" });
        await From("203.0.113.78", admin, "PUT", "/api/admin/update-user", new { userId = author.Id, role = "moderator" });
        await CallAndSettle(moderator, "POST", $"/api/tickets/{id}/notes", new { message = "Between us." });

        var priority = (await Entries(admin, $"subject={id}&action=ticket-prioritised")).Single().ShouldNotBeNull();
        ((string?)priority["actor"]!["kind"], (string?)priority["actor"]!["name"], (string?)priority["clientAddress"]).ShouldBe(("person", moderator.Name, "203.0.113.77"));
        ((string?)priority["subject"]!["kind"], (Guid)priority["subject"]!["id"]!, (bool)priority["redacted"]!).ShouldBe(("ticket", id, false));
        priority["changes"]!.AsArray().Select(c => $"{c!["field"]} {c["after"]}").ShouldBe(["priority urgent"]);
        ((string?)priority["correlationId"]).ShouldNotBeNullOrEmpty();

        var role = (await Entries(admin, $"subject={author.Id}&action=role-changed")).Single().ShouldNotBeNull();
        role["changes"]!.ToJsonString().ShouldBe("""[{"field":"role","before":"user","after":"moderator"}]""");
        (await Entries(admin, $"subject={id}")).ToJsonString().ShouldNotContain("Between us.");
        (await Entries(admin, $"subject={id}&action=note-written,ticket-prioritised")).Count.ShouldBe(2);
        (await Entries(admin, $"actor={moderator.Id}")).Select(e => (string)e!["action"]!).ShouldContain("ticket-prioritised");
        (await Entries(admin, $"actor={moderator.Id}&subject={author.Id}")).ShouldBeEmpty();
        (await Entries(admin, $"address=203.0.113.78&subject={author.Id}")).Select(e => (string)e!["action"]!).ShouldBe(["role-changed", "session-ended"], ignoreOrder: true);
        (await Entries(admin, $"subject={id}&until=2020-01-01T00:00:00Z")).ShouldBeEmpty();
        (await Entries(admin, $"subject={id}&since=2020-01-01T00:00:00Z")).Count.ShouldBe((await Entries(admin, $"subject={id}")).Count);
    }

    [Fact]
    public async Task Pages_go_on_where_the_one_before_ended_whatever_happens_meanwhile()
    {
        var (admin, person) = (await Someone(Roles.Admin), await Someone());
        await Append<User>(person.Id, [.. Enumerable.Range(0, 7).Select(n => (object)new CapacityChanged(person.Id, n))]);
        foreach (var filter in new[] { $"subject={person.Id}", $"subject={person.Id}&action=capacity-changed,user-registered,signed-in" })
        {
            List<long> seen = [];
            for (var (cursor, pages) = ("", 0); cursor is not null; pages++)
            {
                var page = (await Call(admin, "GET", $"/api/admin/audit?{filter}&limit=3{(cursor.Length == 0 ? "" : $"&cursor={cursor}")}")).Body;
                seen.AddRange(page["entries"]!.AsArray().Select(e => (long)e!["seq"]!));
                cursor = (string?)page["next"];
                await Append<User>(person.Id, new SkillsChanged(person.Id, [$"{pages}"]));
                pages.ShouldBeLessThan(10);
            }

            seen.ShouldBeInOrder(SortDirection.Descending);
            seen.ShouldBeUnique();
            seen.Count.ShouldBeGreaterThanOrEqualTo(9);
        }
    }

    [Fact]
    public async Task What_is_not_understood_is_a_fault_and_only_admins_ask()
    {
        var admin = await Someone(Roles.Admin);
        foreach (var query in new[] { "limit=0", "cursor=x", "actor=me", "actor=agent:%00", "action=x", "subject=7", "since=2026-01-01", "until=x", "address=10.0.0", "address=fe80::1%1", "format=csv", "x=1" })
            (await Call(admin, "GET", $"/api/admin/audit?{query}")).ShouldFault(query.Split('=')[0]);
        foreach (var query in new[] { "format=xml", "limit=1", "cursor=x" })
            (await Call(admin, "GET", $"/api/admin/audit/export?{query}")).ShouldFault(query.Split('=')[0]);
        (await Call(await AModerator(), "GET", "/api/admin/audit")).Status.ShouldBe(403);
    }

    [Fact]
    public async Task An_export_is_streamed_in_both_formats_and_recorded()
    {
        var (admin, person) = (await Someone(Roles.Admin), await Someone());
        await Append<User>(person.Id, [.. Enumerable.Range(0, AuditExport.PageSize + 1).Select(n => (object)new CapacityChanged(person.Id, n))]);
        using var client = Host.Server.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", admin.Token);

        using var table = await client.GetAsync($"/api/admin/audit/export?subject={person.Id}", Ct);
        using var lines = await client.GetAsync($"/api/admin/audit/export?subject={person.Id}&format=ndjson", Ct);

        (table.Content.Headers.ContentType?.ToString(), lines.Content.Headers.ContentType?.ToString()).ShouldBe(("text/csv; charset=utf-8", "application/x-ndjson; charset=utf-8"));
        var csv = Encoding.UTF8.GetString(await table.Content.ReadAsByteArrayAsync(Ct)).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var json = (await lines.Content.ReadAsStringAsync(Ct)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToArray();
        csv[0].ShouldBe(string.Join(",", AuditExport.Header));
        (csv.Length - 1, json.Length).ShouldBe((AuditExport.PageSize + 3, AuditExport.PageSize + 3));
        json.Select(e => (long)e["seq"]!).ShouldBeUnique();
        json[0]["changes"]!.ToJsonString().ShouldBe($$"""[{"field":"capacity","before":{{AuditExport.PageSize - 1}},"after":{{AuditExport.PageSize}}}]""");

        (await Entries(admin, $"actor={admin.Id}&action=personal-data-read")).Select(e => e!["changes"]!.ToJsonString())
            .ShouldBe(["""[{"field":"read","before":null,"after":"audit-export"},{"field":"filters","before":null,"after":["format","subject"]}]""", """[{"field":"read","before":null,"after":"audit-export"},{"field":"filters","before":null,"after":["subject"]}]"""]);
    }

    [Fact]
    public async Task Reading_about_others_is_an_event_once_a_minute_and_being_refused_is_none()
    {
        var (admin, moderator) = (await Someone(Roles.Admin), await AModerator());
        for (var n = 0; n < 3; n++)
            await From("198.51.100.20", admin, "GET", "/api/admin/users?limit=1");
        await Call(admin, "GET", "/api/admin/users?limit=x");
        await Call(moderator, "GET", "/api/admin/users");

        var reads = await Entries(admin, $"actor={admin.Id}&action=personal-data-read");
        reads.Count(e => (string?)e!["changes"]![0]!["after"] == "users").ShouldBeInRange(1, 2);
        ((string?)reads[^1]!["clientAddress"]).ShouldBe("198.51.100.20");
        (await Entries(admin, $"actor={moderator.Id}&action=personal-data-read")).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_event_that_was_made_unreadable_hides_no_other()
    {
        var (admin, author) = (await Someone(Roles.Admin), await Someone());
        Guid[] tickets = [(Guid)(await ATicket(author, "Toner", "It is out."))["id"]!, (Guid)(await ATicket(author, "Paper", "It is out."))["id"]!];
        var right = await Swap("""{"title": {}}""");
        try
        {
            var entries = (await Call(admin, "GET", $"/api/admin/audit?actor={author.Id}&action=ticket-created")).Body["entries"]!.AsArray();
            entries.Select(e => (string)e!["changes"]![0]!["field"]!).ShouldBe(["number", "event"]);
            ((string)entries[1]!["changes"]![0]!["after"]!).ShouldBe("[unreadable]");
        }
        finally
        {
            await Swap(right);
        }

        // Puts another payload into the first ticket's first event, and gives back the one that was there.
        async Task<string> Swap(string data)
        {
            await using var connection = Store.Storage.Database.CreateConnection();
            await connection.OpenAsync(Ct);
            await using var command = new NpgsqlCommand(
                "with old as (select id, data::text as data from ticmate.mt_events where stream_id = $1 and version = 1), put as (update ticmate.mt_events e set data = $2::jsonb from old where e.id = old.id) select data from old", connection)
            {
                Parameters = { new() { Value = tickets[0] }, new() { Value = data } },
            };
            return (string)(await command.ExecuteScalarAsync(Ct))!;
        }
    }

    [Fact]
    public async Task Every_event_there_is_can_be_asked_for()
    {
        await using var session = Store.QuerySession();
        var types = await session.QueryAsync<string>("select distinct type from ticmate.mt_events", Ct);
        types.Select(AuditEvents.ActionOf).ShouldBeSubsetOf(AuditEvents.Actions);
        AuditTables.RedactionTypes.ShouldBe(["user_traces_erased", "note_erased", "ticket_writing_erased", "ticket_erased"], ignoreOrder: true);
        AuditEvents.Actions.ShouldNotContain("ticket-proposal");
    }

    [Fact]
    public async Task No_page_reads_or_sorts_the_whole_log()
    {
        const int events = 20_000;
        await using var connection = await Open();
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        foreach (var sql in new[]
        {
            $"""
            insert into ticmate.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, user_name, is_archived)
            select 1000000000 + n, gen_random_uuid(), s.id, 1000000 + n, jsonb_build_object('ticketId', md5((n % 2000)::text)::uuid), 'type_' || n % 20, now() - n * interval '1 minute', '*DEFAULT*', md5((n % 100)::text)::uuid::text, false
            from generate_series(1, {events}) n, (select id from ticmate.mt_streams limit 1) s
            """,
            "insert into ticmate.event_clients (event_id, address, at) select id, ('10.0.0.' || seq_id % 50)::inet, timestamp from ticmate.mt_events where seq_id > 1000000000",
            "analyze ticmate.mt_events", "analyze ticmate.event_clients",
        })
            await using (var command = new NpgsqlCommand(sql, connection))
                await command.ExecuteNonQueryAsync(Ct);

        var (person, time) = (Guid.CreateVersion7(), DateTimeOffset.UtcNow.AddDays(-5).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture));
        foreach (var query in new[]
        {
            "", $"actor={person}", "action=ticket-created", "action=ticket-created,ticket-replied,role-changed", $"subject={person}", $"since={time}", $"until={time}", "address=10.0.0.7",
            $"actor={person}&until={time}", $"action=ticket-created&since={time}", $"address=10.0.0.7&until={time}", $"cursor={new AuditCursor(1_700_000_000_000_000, 5)}",
        })
        {
            var (asked, _) = AuditQuery.Read(new QueryCollection(query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => new StringValues(p[1]))), AuditQuery.Parameters);
            await using var explain = new NpgsqlCommand();
            var sql = AuditSql.Page("ticmate", asked);
            (explain.Connection, explain.CommandText) = (connection, $"explain (format json) {sql.Text}");
            foreach (var parameter in sql.Parameters)
                explain.Parameters.Add(parameter.Clone());

            var plan = JsonNode.Parse((string)(await explain.ExecuteScalarAsync(Ct))!)![0]!["Plan"]!;
            foreach (var node in Nodes(plan))
            {
                ((string?)node["Node Type"], (string?)node["Relation Name"]).ShouldNotBeOneOf([("Seq Scan", "mt_events"), ("Seq Scan", "event_clients")], $"{query}\n{plan}");
                if ((string?)node["Node Type"] == "Sort")
                    ((double)node["Plans"]![0]!["Plan Rows"]!).ShouldBeLessThan(events / 20.0, $"{query}\n{plan}");
            }
        }
    }

    private static IEnumerable<JsonNode> Nodes(JsonNode node) => (node["Plans"]?.AsArray() ?? []).SelectMany(child => Nodes(child!)).Prepend(node);

    private async Task<JsonArray> Entries(Caller admin, string query)
    {
        var reply = await Call(admin, "GET", $"/api/admin/audit?limit=100&{query}");
        reply.Status.ShouldBe(200, reply.Json?.ToJsonString());
        return reply.Body["entries"]!.AsArray();
    }

    private async Task<Reply> From(string address, Caller caller, string method, string url, object? body = null)
    {
        Reply reply = null!;
        await Wolverine.Tracking.WolverineHostMessageTrackingExtensions.ExecuteAndWaitAsync(Host, async () =>
            reply = await Call(caller, method, url, body, x => x.ConfigureHttpContext(http => http.Connection.RemoteIpAddress = IPAddress.Parse(address))), 30_000);
        return reply;
    }
}
