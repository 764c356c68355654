using Marten;
using Marten.Events;
using Microsoft.Extensions.DependencyInjection;
using TicMate.Identity.Accounts;
using TicMate.Identity.Contracts;
using TicMate.Identity.Passwords;
using TicMate.Identity.Profile;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;

namespace TicMate.Tests.Identity;

public sealed class AccountsTests(App app) : AppTest(app)
{
    [Fact]
    public async Task An_admin_changes_what_old_clients_send_back_changed()
    {
        var (admin, person) = (await Someone(Roles.Admin), await Someone(Roles.User, "math"));
        var whole = (await Call(person, "GET", "/api/auth/user")).Body["user"]!.AsObject();
        whole["role"] = "moderator";
        whole["skills"] = new System.Text.Json.Nodes.JsonArray("CSS");

        var reply = await Call(admin, "PUT", "/api/admin/update-user", whole.ToJsonString());

        reply.Status.ShouldBe(200);
        ((string?)reply.Body["user"]!["role"], (string?)reply.Body["user"]!["skills"]![0]).ShouldBe(("moderator", "CSS"));
        (await EventsOf(person.Id)).Skip(1).Select(e => e.GetType()).ShouldBe([typeof(RoleChanged), typeof(SkillsChanged)]);
    }

    [Fact]
    public async Task Nobody_but_admins_manages_accounts()
    {
        var (moderator, person) = (await AModerator(), await Someone());
        foreach (var (method, url) in new[] { ("PUT", "/api/admin/update-user"), ("DELETE", "/api/admin/delete-user"), ("POST", "/api/admin/users"), ("GET", "/api/admin/users") })
        {
            (await Call(null, method, url)).ShouldRefuse(401, "unauthenticated");
            (await Call(person, method, url)).ShouldRefuse(403, "forbidden");
            (await Call(moderator, method, url)).ShouldRefuse(403, "forbidden");
        }
    }

    [Fact]
    public async Task Bad_changes_are_refused_and_change_nothing()
    {
        var (admin, person) = (await Someone(Roles.Admin), await Someone());

        (await Call(admin, "PUT", "/api/admin/update-user", new { userId = person.Id, name = 1, email = "x", role = "king", isActive = "yes", skills = "css" })).ShouldFault("name", "email", "role", "isActive", "skills");
        (await Call(admin, "PUT", "/api/admin/update-user", new { userId = Guid.NewGuid(), role = "admin" })).ShouldRefuse(404, "user-not-found");
        (await Call(admin, "PUT", "/api/admin/update-user", new { role = "admin" })).ShouldRefuse(404, "user-not-found");
        (await Call(admin, "PUT", "/api/admin/update-user", new { userId = person.Id, email = admin.Email })).ShouldRefuse(409, "email-taken");
        (await Call(admin, "PUT", "/api/admin/update-user", new { userId = admin.Id, role = "user" })).ShouldRefuse(409, "own-account");
        (await Call(admin, "PUT", "/api/admin/update-user", new { userId = admin.Id, isActive = false })).ShouldRefuse(409, "own-account");
        (await Call(admin, "DELETE", "/api/admin/delete-user", new { userId = admin.Id })).ShouldRefuse(409, "own-account");
        (await Call(admin, "DELETE", "/api/admin/delete-user", new { userId = "?" })).ShouldRefuse(404, "user-not-found");
        (await Call(admin, "POST", "/api/admin/users", new { name = "", email = "x", role = "king" })).ShouldFault("name", "email", "role");
        (await Call(admin, "POST", "/api/admin/users", new { name = "x", email = person.Email })).ShouldRefuse(409, "email-taken");
        (await Call(admin, "GET", "/api/admin/users?limit=0&page=2")).ShouldFault("limit", "page");

        (await EventsOf(person.Id)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_page_of_accounts_shows_the_newest_first_and_each_once()
    {
        var admin = await Someone(Roles.Admin);
        var people = new[] { await Someone(), await Someone(), await Someone() };

        var first = await Call(admin, "GET", "/api/admin/users?limit=2");
        var second = await Call(admin, "GET", $"/api/admin/users?limit=2&cursor={first.Body["next"]}");

        first.Body["users"]!.AsArray().Concat(second.Body["users"]!.AsArray()).Select(u => (Guid)u!["id"]!)
            .ShouldBe([people[2].Id, people[1].Id, people[0].Id, admin.Id]);
    }

    [Fact]
    public async Task When_two_admins_take_the_role_from_each_other_one_stays()
    {
        var admins = new[] { await WithPassword(await Someone(Roles.Admin)), await WithPassword(await Someone(Roles.Admin)) };
        await DemoteAllAdminsBut(admins);

        var replies = await Task.WhenAll(
            Call(admins[0], "PUT", "/api/admin/update-user", new { userId = admins[1].Id, role = "user" }),
            Call(admins[1], "PUT", "/api/admin/update-user", new { userId = admins[0].Id, isActive = false }));

        replies.Select(r => r.Status).ShouldContain(200);
        await using var session = Store.QuerySession();
        (await session.Query<User>().CountAsync(u => u.Role == Roles.Admin && u.IsActive, Ct)).ShouldBe(1);
    }

    [Fact]
    public async Task The_last_admin_cannot_leave()
    {
        var admin = await WithPassword(await Someone(Roles.Admin));
        await DemoteAllAdminsBut(admin);

        (await Call(admin, "DELETE", "/api/auth/user", new { password = "Secret123!" })).ShouldRefuse(409, "last-admin");
    }

    [Fact]
    public async Task The_work_of_someone_deactivated_goes_to_someone_else_who_can_do_it()
    {
        var (skill, only) = (ASkill(), ASkill());
        var (leaving, author, admin) = (await AModerator(skill, only), await Someone(), await Someone(Roles.Admin));
        var shared = (Guid)(await ATicket(author, $"{skill} fails"))["id"]!;
        var nobodys = (Guid)(await ATicket(author, $"{only} fails"))["id"]!;
        var next = await AModerator(skill);

        await CallAndSettle(admin, "PUT", "/api/admin/update-user", new { userId = leaving.Id, isActive = false });

        ((await Load<Ticket>(shared))!.AssigneeId, (await Load<Ticket>(nobodys))!.AssigneeId).ShouldBe((next.Id, null));
        (await EventsOf(shared)).OfType<TicketAssigned>().Last().PreviousId.ShouldBe(leaving.Id);
        (await EventsOf(nobodys)).OfType<TicketUnassigned>().Single().Reason.ShouldContain(only);
        (await Call(leaving, "GET", "/api/auth/user")).ShouldRefuse(401, "unauthenticated");
    }

    [Fact]
    public async Task Whoever_leaves_is_forgotten_and_their_tickets_stay()
    {
        var (person, moderator) = (await WithPassword(await Someone(Roles.User, "leaver-skill")), await AModerator());
        var mine = (await CallAndSettle(person, "POST", "/api/tickets", new { title = "leaver-title", description = "leaver-description", category = "leaver-category" })).Id("ticket");
        await Call(person, "PUT", "/api/auth/update-skills", new { skills = new[] { "leaver-other-skill" } });
        await Call(person, "PUT", "/api/tickets/ticket-reply", new { ticketId = mine, message = "leaver-reply" });
        await Call(moderator, "PUT", "/api/tickets/ticket-reply", new { ticketId = mine, message = "kept reply" });
        await Call(person, "POST", "/api/auth/api-keys", new { name = "leaver-key", scopes = new[] { "tickets:read" } });
        var exported = await Call(person, "GET", "/api/auth/export");

        (await Call(person, "DELETE", "/api/auth/user", new { password = "wrong" })).ShouldFault("password");
        var left = await CallAndSettle(person, "DELETE", "/api/auth/user", new { password = "Secret123!" });

        left.Status.ShouldBe(200);
        exported.Body.ToJsonString().ShouldContain("leaver-reply");
        ((string?)exported.Body["apiKeys"]![0]!["name"]).ShouldBe("leaver-key");
        exported.Body["history"]!.AsArray().Select(e => (string?)e!["event"]).ShouldContain("user_registered");
        exported.Body.ToJsonString().ShouldNotContain("kept reply");
        (await Call(person, "GET", "/api/auth/user")).ShouldRefuse(401, "unauthenticated");
        var seen = (await Call(moderator, "GET", $"/api/tickets/{mine}")).Ticket;
        ((string?)seen["title"], (string?)seen["description"]).ShouldBe((Ticket.Erased, Ticket.Erased));
        seen["replies"]!.AsArray().Select(r => (string?)r!["message"]).ShouldBe([Ticket.Erased, "kept reply"]);

        (await Load<PersonalData>(person.Id)).ShouldBeNull();

        // The dashboard forgets a category that nobody else uses when it counts the erasure.
        await Store.WaitForNonStaleProjectionDataAsync(Patience.Long);
        (await TextOfTheWholeDatabase()).ShouldSatisfyAllConditions(
            text => text.ShouldNotContain("leaver"), text => text.ShouldNotContain(person.Email), text => text.ShouldNotContain(person.Name), text => text.ShouldContain("kept reply"));
    }

    [Fact]
    public async Task What_a_request_under_way_still_wrote_is_found_when_the_erasure_looks_again()
    {
        var (person, other) = (await WithPassword(await Someone()), await Someone());
        var id = (Guid)(await ATicket(person))["id"]!;
        await CallAndSettle(person, "DELETE", "/api/auth/user", new { password = "Secret123!" });
        await using (var session = Store.LightweightSession())
        {
            session.Events.Append(id, new TicketReplied(id, Guid.NewGuid(), person.Id, "canary-late"));
            await session.SaveChangesAsync(Ct);
        }

        await Wolverine.Tracking.WolverineHostMessageTrackingExtensions.InvokeMessageAndWaitAsync(Host, new TicMate.Tickets.Erasure.EraseWriting(person.Id, 2));

        (await Load<Ticket>(id))!.Replies.Single().Message.ShouldBe(Ticket.Erased);
        (await EventsOf(id)).OfType<TicketReplied>().Single().Message.ShouldBe(Ticket.Erased);
        TicMate.Tickets.Erasure.EraseWritingHandler.Handle(new(other.Id), new([], [])).Count().ShouldBe(2);
    }

    [Fact]
    public async Task Somebody_invited_who_cannot_sign_in_yet_is_no_admin_to_rely_on()
    {
        var admin = await WithPassword(await Someone(Roles.Admin));
        await DemoteAllAdminsBut(admin);
        (await CallAndSettle(admin, "POST", "/api/admin/users", new { name = "Ghost", email = $"{Guid.NewGuid():N}@example.org", role = "admin" })).Status.ShouldBe(201);

        (await Call(admin, "DELETE", "/api/auth/user", new { password = "Secret123!" })).ShouldRefuse(409, "last-admin");
    }

    [Fact]
    public async Task What_a_rebuild_makes_of_an_erased_ticket_is_what_stands_there()
    {
        var person = await WithPassword(await Someone());
        var id = (Guid)(await ATicket(person))["id"]!;
        await CallAndSettle(person, "DELETE", "/api/auth/user", new { password = "Secret123!" });
        var before = System.Text.Json.JsonSerializer.Serialize(await Load<Ticket>(id));

        await Store.Advanced.RebuildSingleStreamAsync<Ticket>(id, Ct);

        System.Text.Json.JsonSerializer.Serialize(await Load<Ticket>(id)).ShouldBe(before);
    }

    [Fact]
    public async Task Every_event_of_a_request_keeps_where_it_came_from_for_thirty_days()
    {
        var person = await Someone();
        var reply = await Call(person, "POST", "/api/tickets", new { title = "t", description = "d" }, x => x.ConfigureHttpContext(http => http.Connection.RemoteIpAddress = System.Net.IPAddress.Parse("203.0.113.77")));
        var id = reply.Id("ticket");

        (await AddressOf(id)).ShouldBe("203.0.113.77/32");
        await Execute("update ticmate.event_clients set at = now() - interval '31 days' where address = '203.0.113.77'");
        await Host.Services.GetRequiredService<Retention>().WorkAsync(Ct);
        (await AddressOf(id)).ShouldBe("203.0.113.0/24");
    }

    private async Task<string> AddressOf(Guid stream)
    {
        await using var session = Store.QuerySession();
        return (await session.QueryAsync<string>("select text(c.address) from ticmate.event_clients c join ticmate.mt_events e on e.id = c.event_id where e.stream_id = ? and e.version = 1", Ct, stream))[0];
    }

    private async Task Execute(string sql)
    {
        await using var session = Store.LightweightSession();
        session.QueueSqlCommand(sql);
        await session.SaveChangesAsync(Ct);
    }

    [Fact]
    public async Task The_first_admin_is_made_at_the_machine_and_only_the_first()
    {
        await DemoteAllAdminsBut();
        var create = Host.Services.GetRequiredService<CreateAdmin>();
        var (taken, email) = (await Someone(), $"{Guid.NewGuid():N}@example.org");

        (await create.RunAsync("nonsense", "Ada", "Secret123!", Ct)).Refusal!.ShouldContain("address");
        (await create.RunAsync(email, "Ada", "weak", Ct)).Refusal!.ShouldContain("password");
        (await create.RunAsync(taken.Email, "Ada", "Secret123!", Ct)).Refusal!.ShouldContain("already");
        var (id, refusal) = await create.RunAsync(email, "Ada", "Secret123!", Ct);
        (await create.RunAsync($"x{email}", "Bob", "Secret123!", Ct)).Refusal!.ShouldContain("admin already");

        refusal.ShouldBeNull();
        (await Load<User>(id))!.ShouldSatisfyAllConditions(u => u.Role.ShouldBe(Roles.Admin), u => u.IsEmailVerified.ShouldBeTrue());
        (await Call(null, "POST", "/api/auth/login", new { email, password = "Secret123!" })).Status.ShouldBe(200);
    }

    // Other tests' admins would keep the last one from being the last.
    private async Task DemoteAllAdminsBut(params Caller[] kept)
    {
        await using var session = Store.LightweightSession();
        var ids = kept.Select(k => k.Id).ToArray();
        foreach (var admin in await session.Query<User>().Where(u => u.Role == Roles.Admin).ToListAsync(Ct))
            if (!ids.Contains(admin.Id))
                session.Events.Append(admin.Id, new RoleChanged(admin.Id, Roles.Admin, Roles.User));
        await session.SaveChangesAsync(Ct);
    }

    private async Task<Caller> WithPassword(Caller person)
    {
        await using var session = Store.LightweightSession();
        session.Store(new Credential(person.Id, Argon2Hash.Of("Secret123!", new Argon2Cost(1_024, 1, 1))));
        await session.SaveChangesAsync(Ct);
        return person;
    }
}
