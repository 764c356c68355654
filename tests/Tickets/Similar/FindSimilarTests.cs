using System.Text.Json.Nodes;
using TicMate.Tests.Tickets.Searching;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Similar;

namespace TicMate.Tests.Tickets.Similar;

public sealed class FindSimilarTests(App app) : ListScenarios(app)
{
    private static Func<Guid, object> Says(Caller who, string what) => id => new TicketReplied(id, Guid.CreateVersion7(), who.Id, what);

    private static Func<Guid, object> Completes(Caller who) => id => new TicketStatusChanged(id, who.Id, Status.Todo, Status.Completed, null);

    private static JsonArray Found(Reply reply)
    {
        reply.Status.ShouldBe(200);
        return reply.Body["similar"]!.AsArray();
    }

    // Other tests leave tickets here, too.
    private static IEnumerable<JsonNode?> About(string word, Reply reply) =>
        Found(reply).Where(found => ((string)found!["ticket"]!["title"]!).Contains(word, StringComparison.OrdinalIgnoreCase));

    [Fact]
    public async Task Staff_find_how_a_ticket_like_this_one_was_solved()
    {
        var (word, author, other, staff) = (ASkill(), await Someone(), await Someone(), await AModerator());
        var solved = await Given(
            Opened(other, $"The {word} crashes at start", "A window opens and closes again."), Says(staff, "Please wait."), Says(staff, "Delete the cache folder."), Says(other, "Thank you!"), Completes(staff));
        await Append<Ticket>(solved, Says(staff, "You are welcome.")(solved));
        await Given(Opened(other, $"The {word} crashes at start, still open", "A window opens and closes again."));
        var asked = await Given(Opened(author, $"{word} crashed", "when starting"));

        var found = About(word, await Call(staff, "GET", $"/api/tickets/{asked}/similar")).ShouldHaveSingleItem()!;

        ((Guid)found["ticket"]!["id"]!, (Guid)found["ticket"]!["_id"]!, (string)found["ticket"]!["status"]!).ShouldBe((solved, solved, "completed"));
        ((string)found["solution"]!["text"]!, (string)found["solution"]!["by"]!["name"]!).ShouldBe(("Delete the cache folder.", staff.Name));
        ((double)found["score"]!).ShouldBeInRange(0.3, 1);
        found["matchedTerms"]!.AsArray().Select(t => (string)t!).ShouldBe([word.ToLowerInvariant(), "crashed", "starting"], ignoreOrder: true);

        About(word, await Call(staff, "GET", $"/api/tickets/{solved}/similar")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Owners_find_their_own_solved_tickets_and_nobody_elses()
    {
        var (word, author, other, staff) = (ASkill(), await Someone(), await Someone(), await AModerator());
        await Given(Opened(other, $"{word} is broken", "theirs"), Says(staff, "their solution"), Completes(staff));
        var own = await Given(Opened(author, $"{word} is broken", "mine"), Completes(author));
        await Call(staff, "POST", $"/api/tickets/{own}/notes", new { message = "A note that is nobody's business." });
        var asked = await Given(Opened(author, $"{word} is broken"));

        foreach (var reply in new[] { await Call(author, "GET", $"/api/tickets/{asked}/similar"), await Call(author, "POST", "/api/tickets/similar", new { title = $"{word} broken" }) })
        {
            var found = Found(reply).ShouldHaveSingleItem()!;
            ((Guid)found["ticket"]!["id"]!).ShouldBe(own);
            found["solution"].ShouldBeNull();
            found.ToJsonString().ShouldNotContain("nobody's business");
        }

        Found(await Call(staff, "POST", "/api/tickets/similar", new { title = $"{word} broken", description = "" })).Count.ShouldBe(2);
        Found(await Call(staff, "POST", "/api/tickets/similar", new { title = $"{word} broken", description = "x", limit = 1 })).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Deleted_erased_and_merged_tickets_solve_nothing()
    {
        var (word, author, staff) = (ASkill(), await Someone(), await AModerator());
        var into = Guid.CreateVersion7();
        await Given(Opened(author, $"{word} deleted"), Completes(staff), id => new TicketDeleted(id, staff.Id, null));
        await Given(Opened(author, $"{word} merged"), id => new TicketMerged(id, into, staff.Id, "same", null));
        await Given(Opened(author, $"{word} erased"), Completes(staff), id => new TicketErased(id));

        Found(await Call(staff, "POST", "/api/tickets/similar", new { title = word, description = "erased" })).ShouldNotContain(t => ((string)t!["ticket"]!["title"]!).Contains(word, StringComparison.Ordinal) || (string)t["ticket"]!["title"]! == Ticket.Erased);
    }

    [Fact]
    public async Task What_the_owner_of_a_merged_ticket_said_is_no_solution()
    {
        var (word, author, other, staff) = (ASkill(), await Someone(), await Someone(), await AModerator());
        var source = await Given(Opened(other, "elsewhere"));
        await Given(Opened(author, $"{word} fails"), id => new TicketAbsorbed(id, source, staff.Id, "same"), Says(staff, "Restart it."), Says(other, "Me too!"), Completes(staff));

        var found = Found(await Call(staff, "POST", "/api/tickets/similar", new { title = $"{word} fails", description = "d" }))[0]!;

        ((string)found["solution"]!["text"]!).ShouldBe("Restart it.");
    }

    [Fact]
    public async Task Any_text_at_all_may_be_asked_about()
    {
        var staff = await AModerator();
        foreach (var text in new[] { "'", "\\", "\\'", "' | '", "!!!", "the of and", "a & ! ( ) : * <-> b", "😀", "';drop table x;--", string.Join(" ", Enumerable.Range(0, 1_800).Select(n => $"w{n}")) })
            (await Call(staff, "POST", "/api/tickets/similar", new { title = text[..Math.Min(200, text.Length)], description = text })).Status.ShouldBe(200, text);

        (await Call(staff, "POST", "/api/tickets/similar", new { title = "", description = 7, limit = 21 })).ShouldFault("title", "description", "limit");
        var ticket = await Given(Opened(staff));
        foreach (var bad in new[] { "limit=0", "limit=21", "limit=x", "limit=", "limit=1&limit=2", "size=1" })
            (await Call(staff, "GET", $"/api/tickets/{ticket}/similar?{bad}")).ShouldRefuse(400, "validation-failed");
        (await Call(await Someone(), "GET", $"/api/tickets/{ticket}/similar?limit=0")).ShouldRefuse(404, "ticket-not-found");
    }

    [Fact]
    public async Task Where_trigrams_are_to_be_had_a_misspelt_title_is_more_alike_than_another_one()
    {
        var (word, author, staff) = (ASkill(), await Someone(), await AModerator());
        await Given(Opened(author, $"{word} pineapples"), Completes(staff));
        await Given(Opened(author, $"{word} authentification"), Completes(staff));

        var found = Found(await Call(staff, "POST", "/api/tickets/similar", new { title = $"{word} autentification" }));

        var trigrams = await new Trigrams(Store).SchemaAsync(Ct);
        if (trigrams is not null)
            ((string)found[0]!["ticket"]!["title"]!).ShouldBe($"{word} authentification");
        found.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Whoever_opens_a_ticket_twice_is_told_and_it_is_opened_all_the_same()
    {
        var (word, author, other, staff) = (ASkill(), await Someone(), await Someone(), await AModerator());
        var text = new { title = $"{word} does not print", description = "Page two stays empty whatever I try." };
        var theirs = (Guid)(await Call(other, "POST", "/api/tickets", text)).Ticket["id"]!;
        await Call(author, "POST", "/api/tickets", new { title = $"{word} needs a new cartridge", description = "It is nearly out of yellow, says the display." });

        var first = await Call(author, "POST", "/api/tickets", text);
        var second = await Call(author, "POST", "/api/tickets", new { title = $"{word} does not print!", text.description });
        var staffs = await Call(staff, "POST", "/api/tickets", text);

        first.Status.ShouldBe(201);
        first.Body["possibleDuplicates"]!.AsArray().ShouldBeEmpty();
        var told = second.Body["possibleDuplicates"]!.AsArray().ShouldHaveSingleItem()!;
        ((Guid)told["id"]!, (Guid)told["_id"]!, (int)told["number"]!, (double)told["score"]!).ShouldBe((first.Id("ticket"), first.Id("ticket"), (int)first.Ticket["number"]!, 1));
        staffs.Body["possibleDuplicates"]!.AsArray().Select(d => (Guid)d!["id"]!).ShouldBe([theirs, first.Id("ticket"), second.Id("ticket")], ignoreOrder: true);
        (await Call(author, "GET", $"/api/tickets/{first.Id("ticket")}")).Body["possibleDuplicates"].ShouldBeNull();
    }
}

public sealed class ChooseDuplicatesTests
{
    private static Wording Found(Guid author, string title) => new(Guid.CreateVersion7(), 1, author, title, "It burns, and there is smoke.");

    [Fact]
    public void The_own_tickets_come_first_and_what_is_not_nearly_the_same_is_left_out()
    {
        var (me, other) = (Guid.NewGuid(), Guid.NewGuid());
        var chosen = PossibleDuplicates.Choose(
            Found(me, "The printer is on fire"),
            [Found(other, "The printer is on fire"), Found(me, "My printer is on fire"), Found(me, "A quite other matter of the heart that has nothing to do with any machine")]);

        chosen.Select(c => (c.Ticket.AuthorId, c.Ticket.Title)).ShouldBe([(me, "My printer is on fire"), (other, "The printer is on fire")]);
    }

    [Fact]
    public void Stems_are_shown_as_the_text_writes_them() =>
        TermWords.Spelled(["configur", "happi", "vpn", "gone"], "A happy VPN, configured").ShouldBe(["configured", "happy", "vpn", "gone"]);
}
