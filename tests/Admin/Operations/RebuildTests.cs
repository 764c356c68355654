using System.Text.Json.Nodes;
using Marten;
using Marten.Events;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using TicMate.Admin.Operations;
using TicMate.Admin.Operations.Rebuilding;
using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Triage.Costs;

namespace TicMate.Tests.Admin.Operations;

public sealed class RebuildTests(OperationsApp app) : OperationsScenarios(app)
{
    private Rebuilds Rebuilds => Host.Services.GetRequiredService<Rebuilds>();

    [Fact]
    public void Every_projection_of_the_service_can_be_rebuilt()
    {
        var projections = ((StoreOptions)Store.Options).Projections.All.Count;
        Rebuilds.Models.Count.ShouldBe(projections);
        Rebuilds.Models.Select(model => model.Name).ShouldBe(["AdviceQuality", "Dashboard", "Note", "SearchText", "Session", "Spend", "Ticket", "User", "Workload"], ignoreOrder: true);
    }

    [Fact]
    public async Task What_is_built_anew_is_what_was_there_to_the_byte_and_nothing_is_sent_or_asked_again()
    {
        var admin = await AnEventfulDay();
        var (before, events) = (await Hashes(), await Sql<long>("select count(*) from ticmate.mt_events where type not in ('rebuild_started', 'rebuild_ended')"));

        foreach (var model in Rebuilds.Models)
        {
            var rebuild = await Run(model.Name, acceptDifferences: true);
            (rebuild.State, rebuild.Differences).ShouldBe((Rebuild.Unchanged, 0), $"{model.Name}: {string.Join(", ", rebuild.Parity)}");
            rebuild.Parity.Sum(table => table.Rows).ShouldBeGreaterThan(0, model.Name);
        }

        (await Hashes()).ShouldBe(before);
        (await Sql<long>("select count(*) from ticmate.mt_events where type not in ('rebuild_started', 'rebuild_ended')")).ShouldBe(events);
        (await Sql<long>("select count(*) from ticmate_rebuild.ai_quality")).ShouldBe(0);
        (await Call(admin, "GET", "/api/admin/projections")).Body["projections"]!.AsArray().Select(p => (string)p!["rebuild"]!["state"]!).Distinct().ShouldBe(["unchanged"]);
    }

    [Theory]
    [InlineData("AdviceQuality", "update ticmate.ai_quality set proposed = proposed + 7")]
    [InlineData("Dashboard", "update ticmate.dashboard_stock set n = n + 1")]
    [InlineData("Workload", "update ticmate.workload set open_tickets = open_tickets + 3")]
    [InlineData("Spend", "delete from ticmate.ai_spend")]
    [InlineData("SearchText", "delete from ticmate.ticket_text")]
    [InlineData("Ticket", "update ticmate.mt_doc_ticket set data = jsonb_set(data, '{title}', '\"wrong\"')")]
    [InlineData("User", "delete from ticmate.mt_doc_user where data ->> 'role' = 'user'")] // of staff it would be noticed: their tickets go to somebody else
    [InlineData("Session", "insert into ticmate.mt_doc_session (id, data) values (gen_random_uuid(), '{}')")]
    [InlineData("Note", "update ticmate.mt_doc_note set data = data - 'message'")]
    public async Task What_is_wrong_is_told_and_stays_until_somebody_accepts_the_differences(string name, string damage)
    {
        await AnEventfulDay();
        var right = await Hashes();
        await Sql<int>($"with damaged as ({damage} returning 1) select count(*)::int from damaged");
        var wrong = await Hashes();
        wrong.ShouldNotBe(right);

        var told = await Run(name, acceptDifferences: false);
        (told.State, told.Differences > 0).ShouldBe((Rebuild.Differs, true));
        (await Hashes()).ShouldBe(wrong);

        (await Run(name, acceptDifferences: true)).State.ShouldBe(Rebuild.Switched);
        (await Hashes()).ShouldBe(right);
    }

    [Fact]
    public async Task While_commands_go_on_nothing_is_counted_twice_or_lost()
    {
        await AnEventfulDay();
        var (owner, moderator) = (await Someone(), await AModerator());
        using var over = new CancellationTokenSource();
        var writing = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                var id = (await Call(owner, "POST", "/api/tickets", new { title = "Busy", description = "It burns." })).Id("ticket");
                (await Call(moderator, "POST", $"/api/tickets/{id}/assign", new { assignedTo = moderator.Id })).Status.ShouldBe(200);
                (await Call(moderator, "PATCH", $"/api/tickets/{id}", new { priority = "urgent" })).Status.ShouldBe(200);
                await Call(moderator, "PUT", $"/api/tickets/status/{id}", new { status = "completed" });
            }
        })).ToArray();

        try
        {
            foreach (var model in Rebuilds.Models.Where(model => model.Name is not ("Session" or "User")))
            {
                var rebuild = await Run(model.Name, acceptDifferences: false);
                (rebuild.State, rebuild.Differences).ShouldBe((Rebuild.Unchanged, 0), $"{model.Name}: {string.Join(", ", rebuild.Parity)}");
            }
        }
        finally
        {
            await over.CancelAsync();
            await Task.WhenAll(writing);
        }

        await Settle();
        foreach (var name in new[] { "AdviceQuality", "Workload", "Ticket", "SearchText" })
            (await Run(name, acceptDifferences: false)).State.ShouldBe(Rebuild.Unchanged, name);
    }

    [Fact]
    public async Task An_admin_starts_it_and_sees_how_it_goes_and_there_is_one_at_a_time()
    {
        var admin = await AnEventfulDay();
        var turn = await Rebuilds.TryBeginAsync(Rebuilds.Find("spend")!, false, "command:test", Ct);
        (await Call(admin, "POST", "/api/admin/projections/AdviceQuality/rebuild")).ShouldRefuse(409, "rebuild-running");
        ((string)(await Call(admin, "GET", "/api/admin/projections/Spend")).Body["projection"]!["rebuild"]!["state"]!).ShouldBe("running");
        await turn!.RunAsync(null, Ct);

        (await Call(admin, "POST", "/api/admin/projections/Nothing/rebuild")).ShouldRefuse(404, "projection-not-found");
        (await Call(admin, "POST", "/api/admin/projections/Spend/rebuild", new { acceptDifferences = 1 })).ShouldFault("acceptDifferences");
        var asked = await Call(admin, "POST", "/api/admin/projections/advicequality/rebuild", new { acceptDifferences = true });
        asked.Status.ShouldBe(202, asked.Json?.ToJsonString());
        asked.Http.Response.Headers.Location.ToString().ShouldBe("/api/admin/projections/AdviceQuality");

        JsonNode view = null!;
        await Until(async () => (string)(view = (await Call(admin, "GET", "/api/admin/projections/AdviceQuality")).Body["projection"]!)["rebuild"]!["state"]! is not "running", "the rebuild ends");
        ((string)view["kind"]!, (string)view["rebuild"]!["state"]!, (long)view["rebuild"]!["differences"]!).ShouldBe(("async", "unchanged", 0));

        await using var session = Store.QuerySession();
        var facts = (await session.Events.QueryAllRawEvents().Where(e => e.UserName == admin.Id.ToString()).OrderBy(e => e.Sequence).ToListAsync(Ct)).Select(e => e.Data).ToArray();
        facts.OfType<RebuildStarted>().ShouldBe([new("AdviceQuality", true)]);
        await Until(() => Sql<bool>("select exists (select from ticmate.mt_events where user_name = $1 and type = 'rebuild_ended')", admin.Id.ToString()), "its end is a fact");
    }

    [Fact]
    public async Task One_that_ends_while_somebody_looks_is_not_taken_for_abandoned()
    {
        await AnEventfulDay();
        var run = (await Rebuilds.TryBeginAsync(Rebuilds.Find("Workload")!, false, "command:test", Ct)).ShouldNotBeNull();
        await using var session = Store.QuerySession();
        session.Logger = new BeforeLooking("pg_locks", () => run.RunAsync(null, Ct));

        (await Rebuilds.LastAsync(session, Ct)).Single(rebuild => rebuild.Id == "Workload").State.ShouldBe(Rebuild.Unchanged);
    }

    [Fact]
    public async Task One_whose_process_is_gone_is_shown_as_abandoned_and_can_be_asked_for_again()
    {
        var admin = await AnEventfulDay();
        await using (var session = Store.LightweightSession())
        {
            session.Store(new Rebuild { Id = "Note", Done = 1, Total = 9 });
            await session.SaveChangesAsync(Ct);
        }

        ((string)(await Call(admin, "GET", "/api/admin/projections/Note")).Body["projection"]!["rebuild"]!["state"]!).ShouldBe("abandoned");
        (await Run("Note", acceptDifferences: false)).State.ShouldBe(Rebuild.Unchanged);
    }

    [Fact]
    public async Task What_a_document_is_not_told_of_is_no_difference_and_neither_is_an_erasure()
    {
        var (admin, leaver) = (await Someone(Roles.Admin), await Someone());
        var ticket = (await CallAndSettle(leaver, "POST", "/api/tickets", new { title = "Ink", description = "None left.", category = "Paper" })).Id("ticket");
        await using (var session = Store.LightweightSession())
        {
            session.Events.Append(leaver.Id, new ApiKeyCreated(leaver.Id, Guid.NewGuid(), [], DateTimeOffset.UtcNow));
            await session.SaveChangesAsync(Ct);
        }

        (await CallAndSettle(admin, "DELETE", "/api/admin/delete-user", new { userId = leaver.Id })).Status.ShouldBe(200);
        await Until(async () => (await Load<Ticket>(ticket))!.Title == Ticket.Erased, "the words are gone");
        await Settle();

        foreach (var name in new[] { "User", "Ticket", "Dashboard", "SearchText" })
        {
            var rebuild = await Run(name, acceptDifferences: false);
            (rebuild.State, rebuild.Differences).ShouldBe((Rebuild.Unchanged, 0), $"{name}: {string.Join(", ", rebuild.Parity)}");
        }
    }

    /// <summary>Something for every read model, all of it followed up.</summary>
    private async Task<Caller> AnEventfulDay()
    {
        var (skill, author, admin) = (ASkill(), await Someone(), await Someone(Roles.Admin));
        var moderator = await AModerator(skill);
        var ids = new List<Guid>();
        for (var n = 0; n < 3; n++)
            ids.Add(Guid.Parse((string)(await ATicket(author, $"Printer {n}", $"{skill} burns."))["id"]!));

        foreach (var id in ids)
            (await Call(moderator, "POST", $"/api/tickets/{id}/notes", new { message = "n" })).Status.ShouldBe(201);
        (await CallAndSettle(moderator, "POST", $"/api/tickets/{ids[0]}/assign", new { assignedTo = moderator.Id })).Status.ShouldBe(200);
        (await CallAndSettle(moderator, "PUT", "/api/tickets/ticket-reply", new { ticketId = ids[0], message = "Pull the plug." })).Status.ShouldBe(200);
        (await CallAndSettle(moderator, "PATCH", $"/api/tickets/{ids[1]}", new { priority = "urgent" })).Status.ShouldBe(200);
        (await CallAndSettle(moderator, "PUT", $"/api/tickets/status/{ids[0]}", new { status = "completed" })).Status.ShouldBe(200);
        await using var session = Store.LightweightSession();
        session.Events.StartStream<ModelCall>(Guid.NewGuid(), new ModelAsked(Guid.NewGuid(), "triage", ids[0], "m", 10, 5, 7, null, 20, "answered"));
        await session.SaveChangesAsync(Ct);
        await Settle();
        return admin;
    }

    private async Task Settle()
    {
        await Until(() => Sql<bool>("select not exists (select from wolverine.wolverine_incoming_envelopes where status = 'Incoming')"), "all messages are handled");
        await Store.WaitForNonStaleProjectionDataAsync(Patience.Long);
    }

    private async Task<Rebuild> Run(string name, bool acceptDifferences) =>
        await (await Rebuilds.TryBeginAsync(Rebuilds.Find(name)!, acceptDifferences, "command:test", Ct)).ShouldNotBeNull().RunAsync(null, Ct);

    /// <summary>Something that happens before a session's first statement about this is sent.</summary>
    private sealed class BeforeLooking(string at, Func<Task> happens) : IMartenSessionLogger
    {
        private Func<Task>? next = happens;

        public void OnBeforeExecute(NpgsqlCommand command) => Look(command.CommandText);
        public void OnBeforeExecute(NpgsqlBatch batch) => Look(string.Join(";", batch.BatchCommands.Cast<NpgsqlBatchCommand>().Select(command => command.CommandText)));
        public void LogSuccess(NpgsqlCommand command) { }
        public void LogFailure(NpgsqlCommand command, Exception ex) { }
        public void LogSuccess(NpgsqlBatch batch) { }
        public void LogFailure(NpgsqlBatch batch, Exception ex) { }
        public void LogFailure(Exception ex, string message) { }
        public void RecordSavedChanges(IDocumentSession session, Marten.Services.IChangeSet commit) { }

        private void Look(string sql)
        {
            if (sql.Contains(at, StringComparison.Ordinal) && Interlocked.Exchange(ref next, null) is { } now)
                Task.Run(now).Wait();
        }
    }

    /// <summary>SHA-256 of every row of every read model, in the order of their text.</summary>
    private async Task<Dictionary<string, string>> Hashes()
    {
        Dictionary<string, string> hashes = [];
        foreach (var (table, columns) in Rebuilds.Models.SelectMany(model => model.Document is { } document
            ? [($"ticmate.mt_doc_{document.Name.ToLowerInvariant()}", "t.id, t.data")] : model.Tables.Select(t => (t.Identifier.QualifiedName, "t.*"))))
            hashes[table] = await Sql<string>($"select coalesce(encode(sha256(convert_to(string_agg(row({columns})::text, E'\\n' order by row({columns})::text collate \"C\"), 'UTF8')), 'hex'), '') from {table} t");
        return hashes;
    }
}
