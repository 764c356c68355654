using System.Text.Json.Nodes;
using Marten.Events;
using TicMate.Admin.Dashboard;
using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;

namespace TicMate.Tests.Admin;

public sealed class DashboardTests(App app) : AppTest(app)
{
    [Fact]
    public async Task Who_did_something_sees_it_counted_at_once_and_others_soon()
    {
        var (admin, other) = (await Someone(Roles.Admin), await Someone(Roles.Admin));
        for (var n = 0; n < 3; n++)
        {
            var before = (int)(await Dashboard(admin))["stats"]!["totalTickets"]!;
            (await Call(admin, "POST", "/api/tickets", new { title = "t", description = "d" })).Status.ShouldBe(201);
            var after = await Dashboard(admin);
            ((int)after["stats"]!["totalTickets"]!, (bool)after["upToDate"]!).ShouldBe((before + 1, true));
        }

        var id = (Guid)(await Call(admin, "POST", "/api/tickets", new { title = "seen", description = "d" })).Ticket["id"]!;
        var total = (int)(await Dashboard(admin))["stats"]!["totalTickets"]!;
        await Eventually(async () => (int)(await Dashboard(other))["stats"]!["totalTickets"]! == total);
        var seen = await Dashboard(other);
        seen["tickets"]!.AsArray().ShouldContain(t => (Guid)t!["id"]! == id && (Guid)t["_id"]! == id && (string)t["createdBy"]!["name"]! == admin.Name);
        seen["users"]!.AsArray().ShouldContain(u => (Guid)u!["_id"]! == admin.Id && (string)u["email"]! == admin.Email);
        ((Guid)seen["adminProfile"]!["id"]!).ShouldBe(other.Id);
    }

    [Fact]
    public async Task The_days_are_those_of_the_zone_and_nonsense_is_refused()
    {
        var admin = await Someone(Roles.Admin);

        var answer = await Dashboard(admin, "?from=2026-03-28&to=2026-03-30&tz=Europe/Berlin");
        answer["period"]!.ToJsonString().ShouldBe("""{"from":"2026-03-28","to":"2026-03-30","tz":"Europe/Berlin"}""");
        answer["days"]!.AsArray().Count.ShouldBe(3);
        answer["firstResponse"]!.ToJsonString().ShouldBe("""{"n":0,"medianSeconds":null,"p90Seconds":null}""");
        (await Call(admin, "GET", "/api/admin/dashboard?tz=Nowhere&asOf=2999-01-01&x=1")).ShouldFault("tz", "asOf", "x");
        (await Call(await AModerator(), "GET", "/api/admin/dashboard?tz=Nowhere")).ShouldRefuse(403, "forbidden");
        (await Call(admin, "GET", "/api/admin/metrics")).Body["metrics"]!.AsArray().Count.ShouldBe(Metrics.All.Count);
    }

    [Fact]
    public async Task Admins_find_people_and_see_what_they_do()
    {
        var (admin, skill) = (await Someone(Roles.Admin), ASkill());
        var (busy, idle) = (await AModerator(skill, "Other"), await AModerator(skill));
        for (var n = 0; n < 3; n++)
        {
            var id = Guid.CreateVersion7();
            await Start<Ticket>(id, new TicketCreated(id, Number(), busy.Id, "t", "d"), new TicketAssigned(id, busy.Id, busy.Id, [], ""));
            if (n == 0)
                await Append<Ticket>(id, new TicketStatusChanged(id, busy.Id, Status.Todo, Status.Completed, busy.Id));
        }

        (await Call(admin, "PUT", "/api/admin/update-user", new { userId = idle.Id, isActive = false })).Status.ShouldBe(200);
        await Store.WaitForNonStaleProjectionDataAsync(Patience.Long);

        async Task<Guid[]> Found(string query) => [.. (await Call(admin, "GET", $"/api/admin/users?{query}")).Body["users"]!.AsArray().Select(u => (Guid)u!["id"]!)];
        (await Found($"skill={skill.ToUpperInvariant()}")).ShouldBe([idle.Id, busy.Id]);
        (await Found($"skill={skill}&active=true")).ShouldBe([busy.Id]);
        (await Found($"skill={skill}&active=false&role=moderator,admin")).ShouldBe([idle.Id]);
        (await Found($"skill={skill}&role=user")).ShouldBeEmpty();
        (await Found($"skill={skill}&verified=true")).ShouldBeEmpty();
        (await Found($"q={busy.Email.ToUpperInvariant()}")).ShouldBe([busy.Id]);
        (await Found("q=%25%25")).ShouldBeEmpty();
        (await Call(admin, "GET", "/api/admin/users?role=boss&active=perhaps&skill=,&q=&sort=name")).ShouldFault("role", "active", "skill", "q", "sort");
        var page = (await Call(admin, "GET", $"/api/admin/users?skill={skill}&limit=1")).Body;
        (await Found($"skill={skill}&limit=1&cursor={page["next"]}")).ShouldBe([busy.Id]);

        var one = (await Call(admin, "GET", $"/api/admin/users/{busy.Id}")).Body;
        ((int)one["user"]!["openTickets"]!, (int)one["user"]!["completedTickets"]!, (string)one["user"]!["email"]!).ShouldBe((2, 1, busy.Email));
        one["sessions"]!.AsArray().ShouldHaveSingleItem();
        one["history"]!.AsArray().Select(h => (string)h!["action"]!).ShouldContain("user-registered");
        var changed = (await Call(admin, "GET", $"/api/admin/users/{idle.Id}")).Body;
        var ended = changed["history"]!.AsArray().Single(h => (string)h!["action"]! == "user-deactivated")!;
        ((Guid)ended["actor"]!["id"]!, (string)ended["actor"]!["name"]!).ShouldBe((admin.Id, admin.Name));
        (await Call(admin, "GET", $"/api/admin/users/{Guid.NewGuid()}")).ShouldRefuse(404, "user-not-found");
    }

    private static int Number() => Random.Shared.Next(1_000_000, int.MaxValue);

    private async Task Start<T>(Guid id, params object[] events) where T : class
    {
        await using var session = Store.LightweightSession();
        session.Events.StartStream<T>(id, events);
        await session.SaveChangesAsync(Ct);
    }

    private async Task<JsonNode> Dashboard(Caller admin, string query = "")
    {
        var answer = await Call(admin, "GET", $"/api/admin/dashboard{query}");
        answer.Status.ShouldBe(200, answer.Json?.ToJsonString());
        return answer.Body;
    }

    private static async Task Eventually(Func<Task<bool>> happens)
    {
        using var patience = new CancellationTokenSource(Patience.Long);
        while (!await happens())
            patience.Token.ThrowIfCancellationRequested();
    }
}
