using TicMate.Identity.Contracts;
using TicMate.Tickets.Assignment;

namespace TicMate.Tests.Tickets;

public sealed class SkillMatchTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Most_matching_skills_come_first_whatever_the_load()
    {
        var (one, two) = (Moderator(["css"]), Moderator(["css", "auth"], open: 9));
        SkillMatch.Choose([one, two], ["AUTH", "css"]).ShouldSatisfyAllConditions(c => c.Assignee.ShouldBe(two.Person.Id), c => c.Matched.ShouldBe(["AUTH", "css"]));
    }

    [Fact]
    public void Then_the_fewest_open_tickets()
    {
        var (busy, free) = (Moderator(["css"], open: 2), Moderator(["css"], open: 1));
        SkillMatch.Choose([busy, free], ["css"]).Assignee.ShouldBe(free.Person.Id);
    }

    [Fact]
    public void Then_the_one_idle_longest()
    {
        var (recent, idle, never) = (Moderator(["css"], last: Noon), Moderator(["css"], last: Noon.AddHours(-1)), Moderator(["css"]));
        SkillMatch.Choose([recent, idle], ["css"]).Assignee.ShouldBe(idle.Person.Id);
        SkillMatch.Choose([recent, idle, never], ["css"]).Assignee.ShouldBe(never.Person.Id);
    }

    [Fact]
    public void Skills_are_compared_whole_and_without_case()
    {
        SkillMatch.Choose([Moderator(["JavaScript"])], ["Java"]).Assignee.ShouldBeNull();
        SkillMatch.Choose([Moderator(["JAVA"])], ["Java"]).Assignee.ShouldNotBeNull();
    }

    [Fact]
    public void Admins_help_out_only_when_there_is_no_active_moderator()
    {
        var admin = new Candidate(new User { Id = Guid.CreateVersion7(), Role = Roles.Admin, Skills = ["css"] }, 0, null);
        var gone = Moderator(["css"]) is var m ? m with { Person = m.Person with { IsActive = false } } : null!;

        SkillMatch.Choose([admin, gone], ["css"]).Assignee.ShouldBe(admin.Person.Id);
        SkillMatch.Choose([admin, Moderator(["auth"])], ["css"]).Assignee.ShouldBeNull();
    }

    [Fact]
    public void When_nobody_fits_the_reason_says_so()
    {
        SkillMatch.Choose([Moderator(["css"])], ["auth"]).Reason.ShouldContain("auth");
        SkillMatch.Choose([Moderator(["css"])], []).ShouldSatisfyAllConditions(c => c.Assignee.ShouldBeNull(), c => c.Reason.ShouldContain("no skill"));
    }

    private static Candidate Moderator(string[] skills, int open = 0, DateTimeOffset? last = null) =>
        new(new User { Id = Guid.CreateVersion7(), Role = Roles.Moderator, Skills = skills }, open, last);
}
