using System.Globalization;
using TicMate.Tests.Fakes;
using TicMate.Tickets;

namespace TicMate.Tests.Tickets.Triage;

/// <summary>The service with money for two calls: each costs 0.00008.</summary>
public sealed class AppWithLittleMoney : AppWithModel
{
    protected override IEnumerable<(string, string)> Settings => [.. base.Settings, ("Ai:DailyBudget", "0.0001")];
}

public sealed class BudgetTests(AppWithLittleMoney app) : Scenarios(app), IClassFixture<AppWithLittleMoney>
{
    [Fact]
    public async Task When_the_money_is_spent_the_built_in_advisor_works_alone_and_the_ticket_says_so()
    {
        var (author, skill) = (await Someone(), ASkill());
        var moderator = await AModerator(skill);
        app.Model.Behaviour = FakeModel.Advises();
        int Told(string words) => app.Log.Lines.Count(line => line.Text.Contains(words, StringComparison.Ordinal));

        await ATicket(author);
        Told("of what may be spent").ShouldBe(0);
        await ATicket(author);
        Told("of what may be spent").ShouldBe(1);
        var asked = app.Model.Requests.Count;
        var (first, second) = ((Guid)(await ATicket(author, $"{skill} is down for everyone"))["id"]!, (Guid)(await ATicket(author))["id"]!);

        (app.Model.Requests.Count, Told("of what may be spent"), Told("is used up")).ShouldBe((asked, 1, 1));
        var ticket = (await Call(moderator, "GET", $"/api/tickets/{first}")).Ticket;
        ((string)ticket["ai"]!["state"]!, (string)ticket["ai"]!["reason"]!).ShouldBe(("skipped", "budget"));
        var stored = (await Load<Ticket>(first))!;
        (stored.TriagedBy, stored.AssigneeId, stored.RelatedSkills.Single()).ShouldBe(("built-in", moderator.Id, skill));
        (await Load<Ticket>(second))!.Agent.State.ShouldBe("skipped");

        var budget = (await Call(await Someone(TicMate.Identity.Contracts.Roles.Admin), "GET", "/api/admin/ai/usage")).Body["budget"]!;
        ((string)budget["state"]!, ((decimal)budget["spentToday"]!).ToString(CultureInfo.InvariantCulture)).ShouldBe(("exhausted", "0.00016"));
    }
}
