using System.Text.Json.Nodes;
using TicMate.Identity.Contracts;
using TicMate.Tests.Fakes;
using TicMate.Tickets;
using TicMate.Tickets.Assignment;
using TicMate.Tickets.Contracts;
using Wolverine.Tracking;

namespace TicMate.Tests.Tickets.Assignment;

public sealed class AssignTicketTests(App app) : AppTest(app)
{
    [Fact]
    public async Task A_person_assigns_reassigns_and_unassigns_and_each_new_assignee_is_mailed_once_per_assignment()
    {
        var (boss, anna, bert) = (await AModerator(), await AModerator(), await Someone(Roles.Admin));
        var id = (Guid)(await ATicket(await Someone()))["id"]!;

        (await Assign(boss, id, new { assignedTo = anna.Id })).Ticket["assignedTo"]!["id"]!.GetValue<Guid>().ShouldBe(anna.Id);
        (await Assign(boss, id, new { userId = bert.Id })).Status.ShouldBe(200);
        (await Assign(boss, id, new { assignedTo = new { _id = anna.Id, name = "Anna" } })).Status.ShouldBe(200);
        var again = await Assign(boss, id, new { id = anna.Id });
        var nobody = await Assign(boss, id, new { assignedTo = "" });
        var still = await Assign(boss, id, new { assignedTo = (string?)null });

        (again.Status, nobody.Status, still.Status, nobody.Ticket["assignedTo"]).ShouldBe((200, 200, 200, null));
        var events = await EventsOf(id);
        events.OfType<TicketAssigned>().Select(e => (e.AssigneeId, e.ById, e.PreviousId)).ShouldBe(
            [(anna.Id, boss.Id, null), (bert.Id, boss.Id, anna.Id), (anna.Id, boss.Id, bert.Id)]);
        events.OfType<TicketUnassigned>().Single().ShouldSatisfyAllConditions(e => e.PreviousId.ShouldBe(anna.Id), e => e.ById.ShouldBe(boss.Id));
        (await Load<Ticket>(id))!.ReleasedBy.ShouldBeEmpty();
        (await OpenTickets(anna), await OpenTickets(bert)).ShouldBe((0, 0));

        ReceivedMail[] mails = [await App.Smtp.MailFor(anna.Email, Ct), await App.Smtp.MailFor(bert.Email, Ct), await App.Smtp.MailFor(anna.Email, Ct)];
        mails.Select(m => m.Message.MessageId).Distinct().Count().ShouldBe(3);
        mails.ShouldAllBe(m => m.Message.Subject!.Contains("Assigned to you"));
    }

    [Fact]
    public async Task A_mail_that_is_sent_twice_is_the_same_mail()
    {
        var anna = await AModerator();
        var id = (Guid)(await ATicket(await Someone()))["id"]!;
        await Append<Ticket>(id, new TicketAssigned(id, anna.Id, Guid.CreateVersion7(), [], "by hand"));

        for (var n = 0; n < 2; n++)
            await Host.InvokeMessageAndWaitAsync(new TellAssignee(id, anna.Id, 7));

        (await App.Smtp.MailFor(anna.Email, Ct)).Message.MessageId.ShouldBe((await App.Smtp.MailFor(anna.Email, Ct)).Message.MessageId);
    }

    [Fact]
    public async Task Only_active_staff_can_be_given_a_ticket_and_the_answer_does_not_tell_who_exists()
    {
        var (boss, user, gone) = (await AModerator(), await Someone(), await AModerator());
        await Append<User>(gone.Id, new UserDeactivated(gone.Id));
        var id = (Guid)(await ATicket(user))["id"]!;

        List<string> answers = [];
        foreach (var wrong in new object[] { user.Id, gone.Id, Guid.NewGuid(), "nonsense", 5 })
            answers.Add((await Assign(boss, id, new { assignedTo = wrong })).ShouldFault("assignedTo").Body["errors"]!.ToJsonString());

        answers.Distinct().Count().ShouldBe(1);
        (await Assign(boss, id, new { })).ShouldFault("assignedTo");
        (await Assign(user, id, new { assignedTo = boss.Id })).ShouldRefuse(403, "forbidden");
        (await Assign(await Someone(), id, new { assignedTo = boss.Id })).ShouldRefuse(404, "ticket-not-found");
        (await Call(boss, "POST", $"/api/tickets/{id}/assign", new { assignedTo = boss.Id }, x => x.WithRequestHeader("If-Match", "\"99\""))).ShouldRefuse(412, "stale-version");
        await Append<Ticket>(id, new TicketDeleted(id, user.Id, null));
        (await Assign(await Someone(Roles.Admin), id, new { assignedTo = boss.Id })).ShouldRefuse(409, "ticket-deleted");
        (await EventsOf(id)).OfType<TicketAssigned>().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_completed_ticket_can_be_assigned_and_counts_as_nobodys_load_but_not_be_claimed()
    {
        var (boss, anna, owner) = (await AModerator(), await AModerator(), await Someone());
        var id = (Guid)(await ATicket(owner))["id"]!;
        await Call(owner, "PUT", $"/api/tickets/status/{id}");

        (await Claim(anna, id)).ShouldRefuse(409, "ticket-completed");
        (await Assign(boss, id, new { assignedTo = anna.Id })).Status.ShouldBe(200);
        (await OpenTickets(anna)).ShouldBe(0);
        await Call(owner, "PUT", $"/api/tickets/status/{id}");
        (await OpenTickets(anna)).ShouldBe(1);
        await Call(anna, "PUT", $"/api/tickets/status/{id}", new { status = "completed" });
        await CallAndSettle(anna, "POST", $"/api/tickets/{id}/release");
        (await OpenTickets(anna)).ShouldBe(0);
    }

    [Fact]
    public async Task Of_twelve_who_claim_at_once_one_gets_the_ticket_and_the_others_hear_who()
    {
        var staff = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => AModerator()));
        var id = (Guid)(await ATicket(await Someone()))["id"]!;

        var replies = await Task.WhenAll(staff.Select(person => Claim(person, id)));

        var winner = staff[Array.FindIndex(replies, r => r.Status == 200)];
        var losers = replies.Where(r => r.Status != 200).ToArray();
        losers.Length.ShouldBe(11);
        foreach (var loser in losers)
        {
            JsonNode assigned = loser.ShouldRefuse(409, "already-assigned").Body["assignedTo"]!;
            ((Guid)assigned["id"]!, (Guid)assigned["_id"]!, (string?)assigned["name"]).ShouldBe((winner.Id, winner.Id, winner.Name));
        }

        (await Claim(winner, id)).Status.ShouldBe(200);
        (await EventsOf(id)).OfType<TicketAssigned>().Single().ShouldSatisfyAllConditions(e => e.AssigneeId.ShouldBe(winner.Id), e => e.ById.ShouldBe(winner.Id));
        (await OpenTickets(winner)).ShouldBe(1);
    }

    [Fact]
    public async Task Who_gives_a_ticket_back_does_not_get_it_again_and_a_colleague_does()
    {
        var skill = ASkill();
        var (anna, owner) = (await AModerator(skill, "more"), await Someone());
        var id = (Guid)(await ATicket(owner, $"{skill} fails"))["id"]!;
        var colleague = await AModerator(skill);

        (await Call(colleague, "POST", $"/api/tickets/{id}/release")).ShouldRefuse(403, "forbidden");
        (await CallAndSettle(anna, "POST", $"/api/tickets/{id}/release")).Status.ShouldBe(200);

        (await Load<Ticket>(id))!.ShouldSatisfyAllConditions(t => t.AssigneeId.ShouldBe(colleague.Id), t => t.ReleasedBy.ShouldBe([anna.Id]));
        await CallAndSettle(colleague, "POST", $"/api/tickets/{id}/release");
        (await Load<Ticket>(id))!.AssigneeId.ShouldBeNull();
        await Host.InvokeMessageAndWaitAsync(new HandOutTickets(anna.Id));
        (await Load<Ticket>(id))!.AssigneeId.ShouldBeNull();
        (await Call(anna, "POST", $"/api/tickets/{id}/release")).Status.ShouldBe(200);
        (await Claim(anna, id)).Status.ShouldBe(200);
        (await Call(await Someone(Roles.Admin), "POST", $"/api/tickets/{id}/release")).Status.ShouldBe(200);
        (await EventsOf(id)).OfType<TicketUnassigned>().Count().ShouldBe(3);
        (await Call(owner, "POST", $"/api/tickets/{id}/release")).ShouldRefuse(403, "forbidden");
    }

    [Fact]
    public async Task Staff_read_why_a_ticket_is_whose_it_is_and_who_else_could_have_it()
    {
        var skill = ASkill();
        var (owner, anna, full) = (await Someone(), await AModerator(skill), await AModerator(skill));
        await Append<User>(full.Id, new CapacityChanged(full.Id, 0));
        var id = (Guid)(await ATicket(owner, $"{skill} fails"))["id"]!;

        var byAgent = (await Call(anna, "GET", $"/api/tickets/{id}/assignment")).Body;
        var why = byAgent["assignment"]!;
        ((Guid)why["assignedTo"]!["id"]!, (string?)why["by"]!["kind"], (string?)why["by"]!["name"], (bool)why["stands"]!).ShouldBe((anna.Id, "ai", "built-in", false));
        why["matchedSkills"]!.AsArray().Select(s => (string?)s).ShouldBe([skill]);
        ((string)why["reason"]!).ShouldContain(skill);
        byAgent["neededSkills"]!.AsArray().Count.ShouldBe(1);
        var candidates = byAgent["candidates"]!.AsArray();
        ((Guid)candidates[0]!["id"]!, (bool)candidates[0]!["eligible"]!, (int)candidates[0]!["openTickets"]!).ShouldBe((anna.Id, true, 1));
        ((Guid)candidates[1]!["_id"]!, (bool)candidates[1]!["eligible"]!, (int)candidates[1]!["capacity"]!).ShouldBe((full.Id, false, 0));
        candidates.Count.ShouldBeLessThanOrEqualTo(50);

        await Assign(anna, id, new { assignedTo = full.Id });
        var byPerson = (await Call(full, "GET", $"/api/tickets/{id}/assignment")).Body["assignment"]!;
        ((string?)byPerson["by"]!["kind"], (Guid)byPerson["by"]!["id"]!, (string?)byPerson["by"]!["name"], (bool)byPerson["stands"]!).ShouldBe(("person", anna.Id, anna.Name, true));
        (await Call(owner, "GET", $"/api/tickets/{id}/assignment")).ShouldRefuse(403, "forbidden");
        (await Call(await Someone(), "GET", $"/api/tickets/{id}/assignment")).ShouldRefuse(404, "ticket-not-found");
    }

    private Task<Reply> Assign(Caller caller, Guid ticket, object body) => CallAndSettle(caller, "POST", $"/api/tickets/{ticket}/assign", body);

    private Task<Reply> Claim(Caller caller, Guid ticket) => Call(caller, "POST", $"/api/tickets/{ticket}/claim");
}
