using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;

namespace TicMate.Tests.Tickets.Searching;

public sealed class ListTicketsTests(App app) : ListScenarios(app)
{
    [Theory]
    [InlineData("-createdAt", "6,5,4,3,2,1"), InlineData("createdAt", "1,2,3,4,5,6"), InlineData("-updatedAt", "2,6,5,4,3,1"), InlineData("-priority", "3,5,1,2,4,6"), InlineData("deadline", "4,2,6,1,3,5")]
    public async Task Every_order_is_followed_through_its_pages(string sort, string expected)
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var soon = DateTimeOffset.UtcNow.AddDays(1).AddTicks(7);
        var ids = new List<Guid>();
        for (var n = 1; n <= 6; n++)
            ids.Add(await Given(Opened(author, $"{n}") with { Deadline = n switch { 2 or 6 => soon.AddHours(1), 4 => soon, _ => null }, Priority = n is 3 or 5 ? "urgent" : null }));
        await Append<TicMate.Tickets.Ticket>(ids[1], new TicketDeadlineNeared(ids[1], soon));

        (await Follow(author, $"/api/tickets?sort={sort}&limit=2")).Select(t => (string)t["title"]!).ShouldBe(expected.Split(','));
        (await Follow(moderator, $"/api/tickets?scope=all&createdBy={author.Id},{moderator.Id}&sort={sort}&limit=1")).Select(t => (string)t["title"]!).ShouldBe(expected.Split(','));
    }

    [Theory]
    [InlineData("-createdAt"), InlineData("createdAt")]
    public async Task A_page_skips_and_repeats_nothing_while_tickets_come_and_are_completed(string sort)
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var ids = new List<Guid>();
        for (var n = 1; n <= 7; n++)
            ids.Add(await Given(author, $"{n}"));

        var turn = 0;
        var all = await Follow(moderator, $"/api/admin/tickets?createdBy={author.Id},{moderator.Id}&sort={sort}&limit=2", async () =>
        {
            if (turn >= 7)
                return;
            await Given(author, "late");
            await Append<TicMate.Tickets.Ticket>(ids[turn], Moved("completed")(ids[turn++]));
        });

        var seen = all.Select(t => (string)t["title"]!).Where(title => title != "late").ToArray();
        seen.ShouldBe(sort == "createdAt" ? ["1", "2", "3", "4", "5", "6", "7"] : ["7", "6", "5", "4", "3", "2", "1"]);
        all.Select(t => (string)t["id"]!).Distinct().Count().ShouldBe(all.Count);
    }

    [Fact]
    public async Task Filters_find_what_fits_all_of_them()
    {
        var (author, other, moderator) = (await Someone(), await Someone(), await AModerator());
        var (skill, category) = (ASkill(), $"C{Guid.NewGuid():N}");
        var mine = $"/api/tickets?scope=all&createdBy={author.Id}&sort=createdAt";
        var urgent = await Given(Opened(author, "urgent") with { Category = category, Priority = "urgent" }, AssignedTo(moderator), Needs(skill));
        await Given(Opened(author, "late") with { Deadline = DateTimeOffset.UtcNow.AddHours(-1) }, Moved("in_progress"));
        await Given(Opened(author, "done") with { Deadline = DateTimeOffset.UtcNow.AddHours(-1) }, Moved("completed"));
        await Given(Opened(other, "elsewhere") with { Category = category }, Needs(skill));
        var number = (int)(await Call(author, "GET", $"/api/tickets/{urgent}")).Ticket["number"]!;

        foreach (var (filter, expected) in new[]
        {
            ("status=completed", "done"), ("status=todo,in_progress", "urgent late"), ("status=completed,todo", "urgent done"), ("priority=urgent,high", "urgent"), ($"category={category}", "urgent"),
            ($"skill={skill.ToLowerInvariant()}", "urgent"), ("assignedTo=me", "urgent"), ("assignedTo=none", "late done"), ("assignedTo=me,none", "urgent late done"), ($"assignedTo={other.Id}", ""),
            ($"number={number}", "urgent"), ($"number={number},{number + 1}", "urgent late"), ("overdue=true", "late"), ("overdue=false", "urgent done"), ("createdAfter=2020-01-01", "urgent late done"),
            ("createdBefore=2020-01-01", ""), ($"createdAfter={Uri.EscapeDataString(DateTimeOffset.UtcNow.AddMinutes(5).ToString("yyyy-MM-dd'T'HH:mm:sszzz", null))}", ""), ("status=todo&priority=low", ""),
        })
            string.Join(" ", await Titles(moderator, $"{mine}&{filter}")).ShouldBe(expected, filter);

        (await Titles(moderator, $"/api/admin/tickets?category={category}&sort=createdAt")).ShouldBe(["urgent", "elsewhere"]);
        (await Titles(moderator, $"/api/admin/tickets?skill={skill},nothing&sort=-priority")).ShouldBe(["urgent", "elsewhere"]);
        (await Titles(moderator, "/api/tickets/get-assigned?status=todo&sort=-priority")).ShouldBe(["urgent"]);
        (await Titles(author, $"/api/tickets?number={number}&createdBy={other.Id}")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Owners_see_theirs_and_staff_everybodys()
    {
        var (author, stranger, moderator) = (await Someone(), await Someone(), await AModerator());
        await Given(author, "mine");

        (await Titles(author, "/api/tickets")).ShouldBe(["mine"]);
        (await Titles(stranger, $"/api/tickets?createdBy={author.Id}")).ShouldBeEmpty();
        (await Titles(moderator, $"/api/tickets?createdBy={author.Id}")).ShouldBeEmpty();
        (await Titles(moderator, $"/api/tickets?scope=all&createdBy={author.Id}")).ShouldBe(["mine"]);
        (await Titles(moderator, $"/api/admin/tickets?createdBy={author.Id}")).ShouldBe(["mine"]);
        (await Call(stranger, "GET", "/api/tickets?scope=all")).ShouldRefuse(403, "forbidden");
        (await Call(stranger, "GET", "/api/tickets/export.csv?scope=all")).ShouldRefuse(403, "forbidden");
        (await Call(stranger, "GET", "/api/admin/tickets")).ShouldRefuse(403, "forbidden");
    }

    [Fact]
    public async Task Work_that_was_not_yet_handed_on_is_hidden_from_who_is_staff_no_more()
    {
        var (author, former) = (await Someone(), await Someone());
        await Given(author, "theirs", AssignedTo(former));
        await Given(former, "own", AssignedTo(former));

        (await Titles(former, "/api/tickets/get-assigned")).ShouldBe(["own"]);
    }

    [Fact]
    public async Task Of_deleted_tickets_only_admins_know_and_only_where_everybodys_are()
    {
        var (author, moderator, admin) = (await Someone(), await AModerator(), await Someone(Roles.Admin));
        var word = $"w{Guid.NewGuid():N}";
        await Given(author, "kept");
        await Given(author, $"gone {word}", Deleted(author));
        await Given(admin, "admin's", Deleted(admin), AssignedTo(admin));
        var every = $"/api/admin/tickets?createdBy={author.Id}";

        (await Titles(author, "/api/tickets")).ShouldBe(["kept"]);
        (await Titles(author, $"/api/tickets?q={word}")).ShouldBeEmpty();
        (await Titles(moderator, every)).ShouldBe(["kept"]);
        (await Titles(moderator, $"/api/tickets?scope=all&q={word}")).ShouldBeEmpty();
        (await Call(moderator, "GET", $"{every}&deleted=true")).ShouldFault("deleted");
        (await Titles(admin, "/api/tickets")).ShouldBeEmpty();
        (await Titles(admin, "/api/tickets/get-assigned")).ShouldBeEmpty();
        (await Titles(admin, every)).ShouldBe([$"gone {word}", "kept"]);
        (await Titles(admin, $"/api/tickets?scope=all&q={word}")).ShouldBe([$"gone {word}"]);
        (await Titles(admin, $"{every}&deleted=true")).ShouldBe([$"gone {word}"]);
        (await Titles(admin, $"{every}&deleted=false")).ShouldBe(["kept"]);
        (await Call(admin, "GET", $"{every}&deleted=true")).Body["tickets"]![0]!["deletedAt"].ShouldNotBeNull();
    }

    [Fact]
    public async Task The_link_to_the_next_page_keeps_every_parameter()
    {
        var author = await Someone();
        foreach (var n in Enumerable.Range(1, 3))
            await Given(Opened(author, $"{n}") with { Category = "Büro & Co" });
        await Given(author, "other");

        var link = (await Call(author, "GET", "/api/tickets?limit=2&category=B%C3%BCro%20%26%20Co&sort=createdAt")).Http.Response.Headers.Link.ToString();

        link.ShouldStartWith("</api/tickets?limit=2&category=B%C3%BCro%20%26%20Co&sort=createdAt&cursor=");
        (await Follow(author, "/api/tickets?limit=2&category=B%C3%BCro%20%26%20Co&sort=createdAt")).Select(t => (string)t["title"]!).ShouldBe(["1", "2", "3"]);
    }

    [Fact]
    public async Task Categories_and_skills_in_use_are_counted_among_what_the_caller_may_see()
    {
        var (author, other, moderator) = (await Someone(), await Someone(), await AModerator());
        var (skill, category) = (ASkill(), $"C{Guid.NewGuid():N}");
        await Given(Opened(author) with { Category = category }, Needs("Common", skill.ToLowerInvariant()));
        await Given(Opened(author) with { Category = "" }, Needs(skill));
        await Given(Opened(other) with { Category = category }, Needs(skill));
        await Given(Opened(author) with { Category = category }, Needs(skill), Deleted(author));

        (await Words(author, "categories")).ShouldBe([(category, 1)]);
        (await Words(author, "skills")).ShouldBe([(skill, 2), ("Common", 1)]);
        (await Words(moderator, "categories")).ShouldContain((category, 2));
        (await Words(moderator, "skills")).ShouldContain((skill, 3));

        async Task<(string, int)[]> Words(Caller caller, string of) =>
            [.. (await Call(caller, "GET", $"/api/tickets/{of}")).Body[of]!.AsArray().Select(w => ((string)w!["name"]!, (int)w["count"]!))];
    }
}
