using Microsoft.Extensions.DependencyInjection;
using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Assignment;
using TicMate.Tickets.Contracts;
using Wolverine.Tracking;

namespace TicMate.Tests.Tickets.Assignment;

public sealed class HandOutTicketsTests(App app) : AppTest(app)
{
    [Fact]
    public async Task Nobody_gets_more_than_their_capacity_however_many_tickets_come_at_once()
    {
        var (skill, owner) = (ASkill(), await Someone());
        var anna = await AModerator(skill);
        await Append<User>(anna.Id, new CapacityChanged(anna.Id, 5));

        await Host.ExecuteAndWaitAsync(
            () => Task.WhenAll(Enumerable.Range(0, 20).Select(n => Call(owner, "POST", "/api/tickets", new { title = $"{skill} {n}", description = "d" }))), 60_000);

        (await TicketsOf(anna)).Length.ShouldBe(5);
        (await OpenTickets(anna)).ShouldBe(5);
        (await Waiting(skill)).Length.ShouldBe(15);
        var left = (await Waiting(skill))[0];
        (await EventsOf(left.Id)).OfType<TicketLeftUnassigned>().Single().Reason.ShouldContain("as many open tickets as they take");
    }

    [Fact]
    public async Task Who_is_done_with_one_gets_the_oldest_that_waits()
    {
        var (skill, owner) = (ASkill(), await Someone());
        var anna = await AModerator(skill);
        await Append<User>(anna.Id, new CapacityChanged(anna.Id, 1));
        var ids = await Open(owner, skill, 3);
        (await TicketsOf(anna)).Select(t => t.Id).ShouldBe([ids[0]]);

        await Call(anna, "PUT", $"/api/tickets/status/{ids[0]}", new { status = "completed" });
        await Look();
        (await TicketsOf(anna)).Where(t => t.IsOpen).Select(t => t.Id).ShouldBe([ids[1]]);
        await Look();
        (await TicketsOf(anna)).Where(t => t.IsOpen).Select(t => t.Id).ShouldBe([ids[1]]);

        await Append<Ticket>(ids[1], new TicketDeleted(ids[1], owner.Id, anna.Id));
        await Look();
        (await Load<Ticket>(ids[2]))!.AssigneeId.ShouldBe(anna.Id);
    }

    [Fact]
    public async Task New_skills_and_more_capacity_bring_the_oldest_tickets_first()
    {
        var (skill, owner, admin) = (ASkill(), await Someone(), await Someone(Roles.Admin));
        var ids = await Wait(owner, skill, 5);
        var anna = await AModerator();
        await Append<User>(anna.Id, new CapacityChanged(anna.Id, 2));

        await CallAndSettle(anna, "PUT", "/api/auth/update-skills", new { skills = new[] { skill.ToLowerInvariant() } });
        (await TicketsOf(anna)).Select(t => t.Id).ShouldBe(ids[..2]);

        await CallAndSettle(admin, "PUT", "/api/admin/update-user", new { userId = anna.Id, capacity = 3 });
        (await TicketsOf(anna)).Select(t => t.Id).ShouldBe(ids[..3]);
        await CallAndSettle(admin, "PUT", "/api/admin/update-user", new { userId = anna.Id, capacity = (int?)null });
        (await TicketsOf(anna)).Select(t => t.Id).ShouldBe(ids);

        var assigned = (await EventsOf(ids[0])).OfType<TicketAssigned>().Single();
        (assigned.ById, assigned.Matched.Length).ShouldBe((null, 1));
    }

    [Fact]
    public async Task Who_becomes_one_of_the_staff_or_comes_back_gets_what_waits()
    {
        var (skill, owner, admin) = (ASkill(), await Someone(), await Someone(Roles.Admin));
        var anna = await Someone(Roles.User, skill);
        var first = (await Wait(owner, skill, 1))[0];

        await CallAndSettle(admin, "PUT", "/api/admin/update-user", new { userId = anna.Id, role = "moderator" });
        (await Load<Ticket>(first))!.AssigneeId.ShouldBe(anna.Id);

        await CallAndSettle(admin, "PUT", "/api/admin/update-user", new { userId = anna.Id, isActive = false });
        (await Load<Ticket>(first))!.ShouldSatisfyAllConditions(t => t.AssigneeId.ShouldBeNull(), t => t.ReleasedBy.ShouldBeEmpty());
        await CallAndSettle(admin, "PUT", "/api/admin/update-user", new { userId = anna.Id, isActive = true });
        (await Load<Ticket>(first))!.AssigneeId.ShouldBe(anna.Id);
    }

    [Fact]
    public async Task Two_hand_outs_at_once_give_each_ticket_to_one_person_once()
    {
        var (skill, owner) = (ASkill(), await Someone());
        var ids = await Wait(owner, skill, 12);
        var staff = new[] { await AModerator(skill), await AModerator(skill) };

        await Host.ExecuteAndWaitAsync(context => Task.WhenAll(staff.Concat(staff).Select(person => context.PublishAsync(new HandOutTickets(person.Id)).AsTask())), 60_000);

        foreach (var id in ids)
            (await EventsOf(id)).OfType<TicketAssigned>().Count().ShouldBe(1);
        (await OpenTickets(staff[0]), await OpenTickets(staff[1])).ShouldBe((6, 6));
    }

    [Fact]
    public async Task What_a_person_assigned_stays_until_that_person_may_not_work_any_more()
    {
        var (skill, owner, admin) = (ASkill(), await Someone(), await Someone(Roles.Admin));
        var (anna, unfit) = (await AModerator(skill), await AModerator());
        var id = (await Open(owner, skill, 1))[0];
        await CallAndSettle(anna, "POST", $"/api/tickets/{id}/assign", new { assignedTo = unfit.Id });

        await Host.InvokeMessageAndWaitAsync(new HandOutTickets(anna.Id));
        await Host.InvokeMessageAndWaitAsync(new HandOnTickets(unfit.Id));
        (await Load<Ticket>(id))!.AssigneeId.ShouldBe(unfit.Id);

        await CallAndSettle(admin, "PUT", "/api/admin/update-user", new { userId = unfit.Id, role = "user" });
        (await Load<Ticket>(id))!.AssigneeId.ShouldBe(anna.Id);
        (await OpenTickets(anna), await OpenTickets(unfit)).ShouldBe((1, 0));
    }

    [Fact]
    public async Task Work_that_comes_back_to_somebody_who_may_not_work_any_more_is_handed_on()
    {
        var (skill, owner, admin) = (ASkill(), await Someone(), await Someone(Roles.Admin));
        var gone = await AModerator(skill);
        var id = (await Open(owner, skill, 1))[0];
        await Call(owner, "PUT", $"/api/tickets/status/{id}");
        await CallAndSettle(admin, "PUT", "/api/admin/update-user", new { userId = gone.Id, isActive = false });
        var anna = await AModerator(skill);

        await Call(owner, "PUT", $"/api/tickets/status/{id}");
        await Look();

        (await Load<Ticket>(id))!.AssigneeId.ShouldBe(anna.Id);
    }

    [Fact]
    public async Task Naming_the_skills_of_a_waiting_ticket_finds_its_person_and_taking_oneself_off_finds_another()
    {
        var (skill, owner) = (ASkill(), await Someone());
        var (anna, other) = (await AModerator(skill, "more"), await AModerator(skill));
        var id = (await Open(owner, "t", 1))[0];

        await CallAndSettle(other, "PATCH", $"/api/tickets/{id}", new { relatedSkills = new[] { skill, "more" } });
        (await Load<Ticket>(id))!.AssigneeId.ShouldBe(anna.Id);
        await CallAndSettle(anna, "PATCH", $"/api/tickets/{id}", new { assignedTo = "" });
        (await Load<Ticket>(id))!.ShouldSatisfyAllConditions(t => t.AssigneeId.ShouldBe(other.Id), t => t.ReleasedBy.ShouldBe([anna.Id]), t => t.AssignmentStands.ShouldBeFalse());
    }

    [Fact]
    public async Task Deleted_merged_completed_and_untriaged_tickets_wait_for_nobody()
    {
        var (skill, owner) = (ASkill(), await Someone());
        var ids = await Wait(owner, skill, 4);
        await Append<Ticket>(ids[0], new TicketDeleted(ids[0], owner.Id, null));
        await Append<Ticket>(ids[1], new TicketMerged(ids[1], ids[3], owner.Id, "same", null));
        await Append<Ticket>(ids[2], new TicketStatusChanged(ids[2], owner.Id, "todo", "completed", null));
        var untriaged = Guid.CreateVersion7();
        await using (var session = Store.LightweightSession())
        {
            session.Events.StartStream<Ticket>(
                untriaged, new TicketCreated(untriaged, Random.Shared.Next(1_000_000, int.MaxValue), owner.Id, "t", "d"), new TicketSkillsRecorded(untriaged, [skill]));
            await session.SaveChangesAsync(Ct);
        }

        var anna = await AModerator(skill);
        await Host.InvokeMessageAndWaitAsync(new HandOutTickets(anna.Id));

        (await TicketsOf(anna)).Select(t => t.Id).ShouldBe([ids[3]]);
    }

    [Fact]
    public async Task Looking_for_the_next_ticket_reads_no_ticket_that_waits_for_nobody()
    {
        await using var connection = Store.Storage.Database.CreateConnection();
        await connection.OpenAsync(Ct);
        foreach (var (query, index) in new[]
        {
            ($"{WaitingTicket.Waits} and waiting_for && cast(array['X'] as varchar[])", "waiting_tickets_by_skill"),
            ($"{WaitingTicket.Waits} and number > 7", "waiting_tickets"),
            ("remind_at is not null and remind_at <= now()", "deadlines_to_tell"),
        })
        {
            await using var explain = new Npgsql.NpgsqlCommand($"set enable_seqscan = off; explain select id from ticmate.mt_doc_ticket where {query}", connection);
            await using var plan = await explain.ExecuteReaderAsync(Ct);
            var lines = new List<string>();
            while (await plan.ReadAsync(Ct))
                lines.Add(plan.GetString(0));

            lines.ShouldContain(line => line.Contains(index, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Admins_set_a_capacity_and_everybody_else_leaves_it_alone()
    {
        var (admin, anna) = (await Someone(Roles.Admin), await AModerator());

        var set = await Call(admin, "PUT", "/api/admin/update-user", new { userId = anna.Id, capacity = 3 });
        ((int)set.Body["user"]!["capacity"]!).ShouldBe(3);
        foreach (var wrong in new object[] { -1, 1_001, "3", 1.5, true })
            (await Call(admin, "PUT", "/api/admin/update-user", new { userId = anna.Id, capacity = wrong })).ShouldFault("capacity");
        await Call(anna, "PUT", "/api/auth/update", new { capacity = 9 });
        await Call(admin, "PUT", "/api/admin/update-user", new { userId = anna.Id, name = "Anna" });
        await Call(admin, "PUT", "/api/admin/update-user", new { userId = anna.Id, capacity = 3 });
        (await Load<User>(anna.Id))!.Capacity.ShouldBe(3);
        (await Call(admin, "PUT", "/api/admin/update-user", new { userId = anna.Id, capacity = (int?)null })).Body["user"]!["capacity"].ShouldBeNull();

        (await EventsOf(anna.Id)).OfType<CapacityChanged>().Select(e => e.To).ShouldBe([3, null]);
    }

    private Task<ITrackedSession> Look() => Host.ExecuteAndWaitAsync(() => Host.Services.GetRequiredService<WatchWorkload>().LookAsync(Ct), 30_000);

    private async Task<Guid[]> Open(Caller owner, string skill, int count)
    {
        List<Guid> ids = [];
        for (var n = 0; n < count; n++)
            ids.Add((Guid)(await ATicket(owner, $"{skill} {n}"))["id"]!);

        return [.. ids];
    }

    /// <summary>Tickets that need a skill which nobody has.</summary>
    private async Task<Guid[]> Wait(Caller owner, string skill, int count)
    {
        var ids = await Open(owner, "t", count);
        foreach (var id in ids)
            await Append<Ticket>(id, new TicketSkillsRecorded(id, [skill], owner.Id));

        return ids;
    }

    private async Task<Ticket[]> TicketsOf(Caller person)
    {
        await using var session = Store.QuerySession();
        return [.. await Marten.QueryableExtensions.ToListAsync(session.Query<Ticket>().Where(t => t.AssigneeId == person.Id).OrderBy(t => t.Number), Ct)];
    }

    private async Task<Ticket[]> Waiting(string skill)
    {
        await using var session = Store.QuerySession();
        return [.. await session.QueryAsync<Ticket>("where waiting_for && cast(? as varchar[])", Ct, (object)new[] { skill.ToUpperInvariant() })];
    }
}
