using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Triage;

namespace TicMate.Tests.Tickets;

public sealed class ProposalsTests(App app) : AppTest(app)
{
    [Fact]
    public async Task The_agent_proposes_and_people_decide()
    {
        var skill = ASkill();
        var (author, moderator) = (await Someone(), await AModerator(skill));
        var id = (Guid)(await ATicket(author, $"{skill} is broken", "Nobody can work."))["id"]!;

        var proposals = (await Call(moderator, "GET", $"/api/tickets/{id}/proposals")).Body["proposals"]!.AsArray().ToDictionary(p => (string)p!["field"]!);
        ((string?)proposals["priority"]!["value"], (string?)proposals["priority"]!["state"], (string?)proposals["priority"]!["before"]).ShouldBe(("urgent", "applied", "medium"));
        proposals["skills"]!["value"]!.AsArray().Select(s => (string?)s).ShouldBe([skill]);
        proposals["skills"]!["quotes"]!.AsArray().Select(s => (string?)s).ShouldContain(skill);

        var accepted = await Call(moderator, "POST", $"/api/tickets/{id}/proposals/skills/accept", new { value = new[] { skill, "more" } });
        accepted.Ticket["relatedSkills"]!.AsArray().Select(s => (string?)s).ShouldBe([skill, "more"]);
        ((string?)(await Call(moderator, "POST", $"/api/tickets/{id}/proposals/priority/reject")).Ticket["priority"]).ShouldBe("medium");
        (await Call(moderator, "POST", $"/api/tickets/{id}/proposals/priority/accept")).ShouldRefuse(409, "proposal-decided");
        (await EventsOf(id)).TakeLast(2).Select(e => e.GetType()).ShouldBe([typeof(TicketProposalAccepted), typeof(TicketProposalRejected)]);
    }

    [Fact]
    public async Task A_rejected_proposal_gives_back_what_was_there_before_the_agent_however_often_it_looked()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = (Guid)(await ATicket(author, "The door is locked", "Nobody can work."))["id"]!;
        await CallAndSettle(moderator, "POST", $"/api/tickets/{id}/triage");
        (await Load<Ticket>(id))!.Priority.ShouldBe("urgent");

        await Call(moderator, "POST", $"/api/tickets/{id}/proposals/priority/reject");
        (await Load<Ticket>(id))!.Priority.ShouldBe("medium");

        await CallAndSettle(moderator, "POST", $"/api/tickets/{id}/triage");
        (await Load<Ticket>(id))!.Priority.ShouldBe("medium");
    }

    [Fact]
    public async Task Accepting_and_rejecting_can_be_undone()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = (Guid)(await ATicket(author, "The door is locked", "Nobody can work."))["id"]!;

        var accepted = await Call(moderator, "POST", $"/api/tickets/{id}/proposals/priority/accept", new { value = "low" });
        ((string?)(await Call(moderator, "POST", $"/api/tickets/{id}/undo", new { version = (int)accepted.Ticket["version"]! })).Ticket["priority"]).ShouldBe("urgent");
    }

    [Fact]
    public async Task A_correction_must_say_something_that_the_field_can_hold()
    {
        var (author, moderator, stranger) = (await Someone(), await AModerator(), await Someone());
        var id = (Guid)(await ATicket(author, "The door is locked", "Nobody can work."))["id"]!;

        foreach (var value in new object[] { "", "huge", 5, new[] { "low" } })
            (await Call(moderator, "POST", $"/api/tickets/{id}/proposals/priority/accept", new { value })).ShouldFault("value");
        (await Call(moderator, "POST", $"/api/tickets/{id}/proposals/nonsense/accept")).ShouldRefuse(404, "proposal-not-found");
        (await Call(author, "GET", $"/api/tickets/{id}/proposals")).ShouldRefuse(403, "forbidden");
        (await Call(stranger, "POST", $"/api/tickets/{id}/proposals/priority/reject")).ShouldRefuse(404, "ticket-not-found");

        ((string?)(await Call(moderator, "POST", $"/api/tickets/{id}/proposals/notes/accept", new { value = "" })).Ticket["helpfulNotes"]).ShouldBe("");
        (await EventsOf(id)).OfType<TicketProposalAccepted>().Single().WasCorrected.ShouldBeTrue();
    }

    [Fact]
    public async Task Another_text_is_looked_at_again_and_what_people_set_stays()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = (Guid)(await ATicket(author))["id"]!;
        await Call(moderator, "PATCH", $"/api/tickets/{id}", new { priority = "low" });

        await CallAndSettle(author, "PATCH", $"/api/tickets/{id}", new { description = "Nobody can work." });

        var ticket = (await Load<Ticket>(id))!;
        (ticket.Priority, ticket.TriageRound, ticket.Agent.State).ShouldBe(("low", 2, AgentState.Done));
        ticket.Proposals.Single(p => p.Field == ProposalField.Priority).ShouldSatisfyAllConditions(p => p.Value.ShouldBe(["urgent"]), p => p.State.ShouldBe(Proposal.Waiting));
        ((string?)(await Call(author, "GET", $"/api/tickets/{id}")).Ticket["ai"]!["state"]).ShouldBe("done");
    }

    [Theory]
    [InlineData(1, 5, false), InlineData(1, 7, true), InlineData(2, 5, false), InlineData(2, 6, true), InlineData(3, 0, true)]
    public void A_provider_that_wants_to_be_left_alone_longer_than_all_tries_take_is_not_tried_again(int attempt, int seconds, bool isFinal) =>
        TriageTicketHandler.IsFinal(new ModelUnavailableException("rate-limited", true, TimeSpan.FromSeconds(seconds)), attempt).ShouldBe(isFinal);
}
