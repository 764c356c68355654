using TicMate.Tickets.Contracts;

namespace TicMate.Tests.Tickets.Searching;

public sealed class QueueTests(App app) : ListScenarios(app)
{
    [Fact]
    public async Task What_fits_the_moderator_comes_first_then_what_is_urgent_then_what_waits_longest()
    {
        var (skill, category) = (ASkill(), $"C{Guid.NewGuid():N}");
        var (author, moderator, colleague) = (await Someone(), await AModerator("other", skill), await AModerator());
        TicketCreated New(string title) => Opened(author, title) with { Category = category };
        await Given(New("5 other"));
        await Given(New("3 fits"), Needs(skill.ToUpperInvariant()));
        await Given(New("4 fits, mine"), Needs(skill), AssignedTo(moderator));
        await Given(New("2 fits, high"), Needs(skill), Prioritised("high"), Moved("waiting"));
        await Given(New("1 fits, urgent"), Needs("x", skill), Prioritised("urgent"), AssignedTo(moderator));
        await Given(New("6 other, mine"), AssignedTo(moderator));
        await Given(New("7 other, low"), Prioritised("low"));
        await Given(New("colleague's"), Needs(skill), AssignedTo(colleague));
        await Given(New("done"), Needs(skill), Moved("completed"));
        await Given(New("gone"), Needs(skill), Deleted(author));

        foreach (var limit in new[] { 1, 2, 3, 100 })
            (await Follow(moderator, $"/api/tickets/queue?category={category}&limit={limit}")).Select(t => ((string)t["title"]!)[0]).ShouldBe("1234567");

        (await Follow(colleague, $"/api/tickets/queue?category={category}&limit=2")).Select(t => (string)t["title"]!).ShouldBe(["2 fits, high", "5 other", "3 fits", "colleague's", "7 other, low"]);
    }

    [Fact]
    public async Task The_queue_is_for_staff_and_has_one_order()
    {
        var moderator = await AModerator();

        (await Call(await Someone(), "GET", "/api/tickets/queue")).ShouldRefuse(403, "forbidden");
        foreach (var query in new[] { "sort=createdAt", "status=todo", "cursor=x", "q=x", "deleted=true" })
            (await Call(moderator, "GET", $"/api/tickets/queue?{query}")).ShouldFault(query.Split('=')[0]);
    }
}
