using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Assignment;

namespace TicMate.Tests.Tickets.Assignment;

public sealed class ChooseWithCapacityTests
{
    [Fact]
    public void Whoever_has_as_much_as_they_take_is_passed_over_and_the_reason_says_so()
    {
        var (full, second) = (Moderator(["css", "auth"], open: 2, capacity: 2), Moderator(["css"], open: 9));

        SkillMatch.Choose([full, second], ["css", "auth"]).ShouldSatisfyAllConditions(
            c => c.Assignee.ShouldBe(second.Person.Id), c => c.Full.ShouldBe([full.Person.Id]), c => c.Reason.ShouldContain("has no room"));
        SkillMatch.Choose([full with { OpenTickets = 1 }, second], ["css", "auth"]).Assignee.ShouldBe(full.Person.Id);
    }

    [Fact]
    public void A_capacity_of_nothing_means_no_tickets_and_none_at_all_means_any_number()
    {
        SkillMatch.Choose([Moderator(["css"], capacity: 0)], ["css"]).Assignee.ShouldBeNull();
        SkillMatch.Choose([Moderator(["css"], open: 5_000)], ["css"]).Assignee.ShouldNotBeNull();
    }

    [Fact]
    public void Whoever_gave_the_ticket_back_does_not_get_it_again()
    {
        var (first, second) = (Moderator(["css", "auth"]), Moderator(["css"]));

        SkillMatch.Choose([first, second], ["css", "auth"], [first.Person.Id]).Assignee.ShouldBe(second.Person.Id);
        SkillMatch.Choose([first, second], ["css", "auth"], [first.Person.Id, second.Person.Id]).ShouldSatisfyAllConditions(
            c => c.Assignee.ShouldBeNull(), c => c.Full.ShouldBeEmpty(), c => c.Reason.ShouldContain("gave it back"));
    }

    [Fact]
    public void Only_those_who_would_have_got_it_are_turned_away()
    {
        var (full, unfit) = (Moderator(["css"], open: 1, capacity: 1), Moderator(["auth"], open: 1, capacity: 1));
        var admin = new Candidate(new User { Id = Guid.CreateVersion7(), Role = Roles.Admin, Skills = ["css"], Capacity = 1 }, 1, null);

        SkillMatch.Choose([full, unfit, admin], ["css"]).Full.ShouldBe([full.Person.Id]);
    }

    [Fact]
    public void The_explanation_names_the_one_who_would_be_chosen_first_and_everybody_elses_obstacle()
    {
        var (chosen, full, back, unfit) = (Moderator(["css"]), Moderator(["css"], 3, 3), Moderator(["css"]), Moderator(["auth"]));
        var admin = new Candidate(new User { Id = Guid.CreateVersion7(), Role = Roles.Admin, Skills = ["css"] }, 0, null);

        var ranked = SkillMatch.Rank([unfit, admin, full, back, chosen], ["css"], [back.Person.Id]);

        ranked[0].ShouldSatisfyAllConditions(r => r.Candidate.ShouldBe(chosen), r => r.WhyNot.ShouldBeNull());
        var why = ranked.Skip(1).ToDictionary(r => r.Candidate.Person.Id, r => r.WhyNot);
        why[full.Person.Id]!.ShouldContain("at most 3");
        why[back.Person.Id]!.ShouldContain("back");
        why[unfit.Person.Id]!.ShouldContain("skills");
        why[admin.Person.Id]!.ShouldContain("admin");
    }

    [Fact]
    public void Room_again_and_work_of_people_who_may_not_work_are_noticed_and_nothing_else()
    {
        User[] staff = [Person("roomy", 2), Person("full", 2), Person("content", 2), Person("unlimited", null)];
        var gone = Guid.CreateVersion7();

        WatchWorkload.Decide(
            [
                new(staff[0].Id, 1, true), new(staff[1].Id, 2, true), new(staff[2].Id, 1, false), new(staff[3].Id, 7, true), new(gone, 1, false),
                new(Guid.CreateVersion7(), 0, true),
            ], staff).ShouldBe([new HandOutTickets(staff[0].Id), new HandOutTickets(staff[3].Id), new HandOnTickets(gone)]);

        static User Person(string skill, int? capacity) => new() { Id = Guid.CreateVersion7(), Role = Roles.Moderator, Skills = [skill], Capacity = capacity };
    }

    [Fact]
    public void A_mail_tells_of_an_assignment_once_and_not_the_one_who_made_it()
    {
        var (ticket, person) = (new Ticket { Id = Guid.CreateVersion7(), Version = 4 }, Guid.CreateVersion7());

        TellAssignee.Of(ticket, person).ShouldBe([new TellAssignee(ticket.Id, person, 4)]);
        TellAssignee.Of(ticket, person, person).ShouldBeEmpty();
        TellAssignee.Of(ticket with { Silent = true }, person).ShouldBeEmpty();
        TellAssignee.Of(ticket with { Silent = true }, person, Guid.CreateVersion7()).Count.ShouldBe(1);
    }

    private static Candidate Moderator(string[] skills, int open = 0, int? capacity = null) =>
        new(new User { Id = Guid.CreateVersion7(), Role = Roles.Moderator, Skills = skills, Capacity = capacity }, open, null);
}
