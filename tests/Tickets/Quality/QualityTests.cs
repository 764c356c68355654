using System.Globalization;
using System.Text.Json.Nodes;
using CsCheck;
using Marten;
using Marten.Events;
using Marten.Events.Daemon.Coordination;
using Microsoft.Extensions.DependencyInjection;
using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Drafting;
using TicMate.Tickets.Quality;

namespace TicMate.Tests.Tickets.Quality;

public sealed class QualityTests(App app) : AppTest(app)
{
    private static readonly Guid[] Assignees = [Guid.NewGuid(), Guid.NewGuid()];

    // Each test has a model of its own, so that the tickets of others do not count.
    private readonly string model = $"model-{Guid.NewGuid():N}";

    [Fact]
    public async Task What_people_do_with_the_proposals_is_what_the_admin_reads()
    {
        var (admin, moderator, skill) = (await Someone(Roles.Admin), await AModerator(), ASkill());
        var (taken, corrected, refused, overruled, undone) = (await Ask(), await Ask(), await Ask(), await Ask(), await Ask(isApplied: true));
        await Ask(isApplied: true);
        await Ask();

        async Task<Guid> Ask(bool isApplied = false) => await ATicketWith(P(ProposalField.Priority, 0.42, isApplied, "high"), P(ProposalField.Skills, 0.9, true, skill));
        async Task Do(string method, string url, object body) => (await Call(moderator, method, url, body)).Status.ShouldBe(200);

        await Do("POST", $"/api/tickets/{taken}/proposals/priority/accept", new { });
        await Do("POST", $"/api/tickets/{corrected}/proposals/priority/accept", new { value = "low" });
        await Do("POST", $"/api/tickets/{refused}/proposals/priority/reject", new { });
        await Do("PATCH", $"/api/tickets/{overruled}", new { priority = "urgent" });
        await Do("POST", $"/api/tickets/{undone}/undo", new { version = 2 });

        // What is done to a field after that is no news about the proposal.
        await Do("PATCH", $"/api/tickets/{taken}", new { priority = "urgent" });

        var group = (await Quality(admin, "model"))[model]!;
        Counts(group).ShouldBe("proposed 14, applied 9, accepted 1, edited 2, rejected 1, undone 2");
        var sure = group["calibration"]![4]!;
        ((int)sure["n"]!, (double)sure["meanConfidence"]!, (int)sure["stood"]!["count"]!).ShouldBe((6, 0.42, 2));
        ((int)group["calibration"]![9]!["n"]!, (int)group["calibration"]![9]!["stood"]!["count"]!).ShouldBe((7, 6));
        ((int)group["rates"]!["accepted"]!["n"]!, (double)group["rates"]!["accepted"]!["rate"]!).ShouldBe((6, 0.1667));

        Counts((await Quality(admin, "skill"))[skill]!).ShouldBe("proposed 7, applied 7, accepted 0, edited 0, rejected 0, undone 1");
        (await Quality(admin, "field")).Keys.ShouldBeSubsetOf(ProposalField.Words);
        (await Quality(admin, "advisor")).Keys.ShouldBeSubsetOf(["built-in", "model"]);
    }

    [Fact]
    public async Task The_first_assignee_counts_by_the_last_completion()
    {
        var (admin, first, other) = (await Someone(Roles.Admin), Guid.NewGuid(), Guid.NewGuid());
        var (mine, theirs, open) = (await ATicketWith(), await ATicketWith(), await ATicketWith());
        foreach (var id in new[] { mine, theirs, open })
            await Append<Ticket>(id, new TicketAssigned(id, first, null, [], ""));
        await Append<Ticket>(mine, Completed(mine, first), Reopened(mine, first), new TicketAssigned(mine, other, null, [], "", first), Completed(mine, other), Reopened(mine, other), Completed(mine, first));
        await Append<Ticket>(theirs, Completed(theirs, first), Reopened(theirs, first), new TicketAssigned(theirs, other, other, [], "", first), Completed(theirs, other));

        var share = (await Quality(admin, "model"))[model]!["firstAssignee"]!;
        ((int)share["n"]!, (int)share["count"]!).ShouldBe((2, 1));
    }

    [Fact]
    public async Task Of_drafts_it_is_counted_how_many_were_sent_and_how_much_of_them_was_left()
    {
        var admin = await Someone(Roles.Admin);
        var before = await Drafts(admin);
        foreach (var survived in new double?[] { 0.8, 0.25, null })
        {
            var (id, ticket) = (Guid.CreateVersion7(), Guid.CreateVersion7());
            await using var session = Store.LightweightSession();
            session.Events.StartStream<Draft>(id, new ReplyDrafted(id, ticket, admin.Id, model, "answer", 0.9, [], 100));
            // The second is one too many: a draft counts once.
            if (survived is { } share)
                session.Events.Append(id, new ReplyDraftUsed(id, ticket, Guid.CreateVersion7(), share), new ReplyDraftUsed(id, ticket, Guid.CreateVersion7(), 1));
            await session.SaveChangesAsync(Ct);
        }

        var after = await Drafts(admin);
        (after.Drafted - before.Drafted, after.Used - before.Used, Math.Round(after.Sum - before.Sum, 2)).ShouldBe((3, 2, 1.05));
        await Rebuild();
        (await Drafts(admin)).ShouldBe(after);
        var none = (await Call(admin, "GET", "/api/admin/ai/quality?from=2001-01-01&to=2001-01-01")).Body["drafts"]!;
        none.ToJsonString().ShouldBe("""{"drafted":0,"used":{"count":0,"n":0,"rate":null,"low":null,"high":null},"survived":{"mean":null,"n":0}}""");
    }

    private async Task<(int Drafted, int Used, double Sum)> Drafts(Caller admin)
    {
        await Store.WaitForNonStaleProjectionDataAsync(Patience.Long);
        var drafts = (await Call(admin, "GET", "/api/admin/ai/quality")).Body["drafts"]!;
        var used = (int)drafts["used"]!["count"]!;
        ((int)drafts["used"]!["n"]!, (int)drafts["survived"]!["n"]!).ShouldBe(((int)drafts["drafted"]!, used));
        return ((int)drafts["drafted"]!, used, used * ((double?)drafts["survived"]!["mean"] ?? 0));
    }

    [Fact]
    public async Task Who_a_person_chose_first_is_not_the_agents_choice()
    {
        var (admin, person) = (await Someone(Roles.Admin), Guid.NewGuid());
        var id = await ATicketWith(P(ProposalField.Summary, 0.5, true, "s"));
        await Append<Ticket>(id, new TicketAssigned(id, person, person, [], ""), Completed(id, person));

        ((int)(await Quality(admin, "model"))[model]!["firstAssignee"]!["n"]!).ShouldBe(0);
    }

    [Fact]
    public async Task An_undo_after_a_week_does_not_count_and_the_day_is_that_of_the_proposal()
    {
        var admin = await Someone(Roles.Admin);
        var (late, early) = (await ATicketWith(P(ProposalField.Notes, 0.5, true, "n")), await ATicketWith(P(ProposalField.Notes, 0.5, true, "n")));
        foreach (var id in new[] { late, early })
            await Append<Ticket>(id, new TicketTriageUndone(id, admin.Id, "medium", [], "", ""), new TicketNotesRewritten(id, admin.Id, "better"));
        await using (var session = Store.LightweightSession())
        {
            foreach (var (id, days) in new[] { (late, 7.01), (early, 6.99) })
                session.QueueSqlCommand("update ticmate.mt_events set timestamp = timestamp - ? where stream_id = ? and type = 'ticket_triaged'", TimeSpan.FromDays(days), id);
            await session.SaveChangesAsync(Ct);
        }

        await Rebuild();

        Counts((await Quality(admin, "model"))[model]!).ShouldBe("proposed 2, applied 2, accepted 0, edited 0, rejected 0, undone 1");
        var today = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        (await Quality(admin, "model", $"&from={today}")).ShouldNotContainKey(model);
    }

    [Fact]
    public async Task Only_admins_read_it_and_what_is_not_understood_is_refused()
    {
        var admin = await Someone(Roles.Admin);

        (await Call(await AModerator(), "GET", "/api/admin/ai/quality?groupBy=nothing")).ShouldRefuse(403, "forbidden");
        (await Call(admin, "GET", "/api/admin/ai/quality?groupBy=nothing&from=2026-01-01T00:00:00&more=1")).ShouldFault("groupBy", "from", "more");
        (await Call(admin, "GET", "/api/admin/ai/quality?from=0001-01-01&to=0001-01-01")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Whatever_happens_in_whatever_order_the_counters_say_what_the_events_say_before_and_after_a_rebuild()
    {
        var (admin, skills, expected) = (await Someone(Roles.Admin), new[] { ASkill(), ASkill() }, new Dictionary<string, string>());
        await Gen.Int[0, 11].Array[1, 14].Array[2, 4].SampleAsync(async histories =>
        {
            List<object[]> told = [];
            var own = $"model-{Guid.NewGuid():N}";
            foreach (var history in histories)
            {
                var id = Guid.CreateVersion7();
                told.Add([Created(id), .. history.Select((step, n) => Step(step, n, id, own, skills))]);
                await using var session = Store.LightweightSession();
                session.Events.StartStream<Ticket>(id, told[^1]);
                await session.SaveChangesAsync(Ct);
            }

            expected[own] = Recount.Of(told);
            Seen(await Quality(admin, "model"), own).ShouldBe(expected[own]);
        }, iter: 10, threads: 1);

        await Rebuild();

        var rebuilt = await Quality(admin, "model");
        foreach (var (own, counts) in expected)
            Seen(rebuilt, own).ShouldBe(counts);
    }

    private static string Seen(Dictionary<string, JsonNode> groups, string model) => !groups.TryGetValue(model, out var group) ? ""
        : $"{Counts(group)}, stood {group["rates"]!["stood"]!["count"]} of {group["rates"]!["stood"]!["n"]}, kept {group["firstAssignee"]!["count"]} of {group["firstAssignee"]!["n"]}, "
            + string.Join(' ', group["calibration"]!.AsArray().Select(b => $"{b!["stood"]!["count"]}/{b["n"]}"));

    private static object Step(int step, int n, Guid id, string advisor, string[] skills) => step switch
    {
        0 => new TicketTriaged(id, advisor, [P("priority", n / 14.0, n % 2 == 0, "high"), P("skills", 0.9, true, skills), P("category", 0.3, false, "c")], Round: n),
        1 => new TicketTriaged(id, advisor, [P("priority", 0.1 * n, n % 3 == 0, "low"), P("notes", 0.65, n % 2 == 1, "n"), P("skills", 0.2, false, skills[0])], Round: n),
        2 => new TicketProposalAccepted(id, id, n % 2 == 0 ? "priority" : "skills", ["low"], n % 3 == 0),
        3 => new TicketProposalRejected(id, id, n % 2 == 0 ? "category" : "skills", null),
        4 => new TicketPrioritised(id, id, "low"),
        5 => new TicketSkillsRecorded(id, ["x"], id),
        6 => new TicketNotesRewritten(id, id, "n"),
        7 => new TicketEdited(id, id, null, "d", n % 2 == 0 ? "k" : null),
        8 => new TicketTriageUndone(id, id, "low", [], "", ""),
        9 => new TicketAssigned(id, Assignees[n % 2], n % 5 == 0 ? id : null, [], ""),
        10 => Completed(id, n % 3 == 0 ? null : Assignees[n % 2]),
        _ => Reopened(id, null),
    };

    private async Task<Guid> ATicketWith(params TicketProposal[] proposals)
    {
        var id = Guid.CreateVersion7();
        await using var session = Store.LightweightSession();
        session.Events.StartStream<Ticket>(id, Created(id), new TicketTriaged(id, model, proposals is [] ? [P(ProposalField.Summary, 0.5, true, "s")] : proposals));
        await session.SaveChangesAsync(Ct);
        return id;
    }

    private async Task<Dictionary<string, JsonNode>> Quality(Caller admin, string groupBy, string more = "")
    {
        await Store.WaitForNonStaleProjectionDataAsync(Patience.Long);
        var answer = await Call(admin, "GET", $"/api/admin/ai/quality?groupBy={groupBy}{more}");
        answer.Status.ShouldBe(200, answer.Json?.ToJsonString());
        return answer.Body["groups"]!.AsArray().ToDictionary(g => (string)g!["group"]!, g => g!);
    }

    private Task Rebuild() => Host.Services.GetRequiredService<IProjectionCoordinator>().DaemonForMainDatabase().RebuildProjectionAsync<AdviceQualityProjection>(Ct);

    private static string Counts(JsonNode group) =>
        string.Join(", ", new[] { "proposed", "applied", "accepted", "edited", "rejected", "undone" }.Select(name => $"{name} {group[name]}"));

    private static TicketCreated Created(Guid id) => new(id, Random.Shared.Next(1_000_000, int.MaxValue), Guid.NewGuid(), "Printer", "It burns.");

    private static TicketStatusChanged Completed(Guid id, Guid? assignee) => new(id, id, Status.Todo, Status.Completed, assignee);

    private static TicketStatusChanged Reopened(Guid id, Guid? assignee) => new(id, id, Status.Completed, Status.Todo, assignee);

    private static TicketProposal P(string field, double confidence, bool isApplied, params string[] value) => new(field, value, confidence, "r", [], isApplied);
}
