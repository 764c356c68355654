using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;

namespace TicMate.Tests.Tickets.Searching;

public sealed class SearchTests(App app) : ListScenarios(app)
{
    [Fact]
    public async Task Words_are_found_in_title_description_and_replies_by_stem_and_beginning()
    {
        var author = await Someone();
        await Given(Opened(author, "Crashes", "The printing Übersicht of foo-bar.example.com fails"), id => new TicketReplied(id, Guid.NewGuid(), author.Id, "Rebooted the router"));
        await Given(Opened(author, "Another", "thing"));

        foreach (var found in new[] { "crash", "CRASHES", "crashed", "prints", "print", "über", "übersicht", "rebooting", "reboot", "rou", "crash router", "foo-bar.example.com", "crash !!! ---", "the router" })
            (await Titles(author, $"/api/tickets?q={Uri.EscapeDataString(found)}")).ShouldBe(["Crashes"], found);
        foreach (var lost in new[] { "crash thing", "outer", "xyz", "!!!", "%", "_" })
            (await Titles(author, $"/api/tickets?q={Uri.EscapeDataString(lost)}")).ShouldBeEmpty(lost);
    }

    [Theory]
    [InlineData("'"), InlineData("\\"), InlineData("\\'"), InlineData("a\\"), InlineData("' & '"), InlineData("a & | ! ( ) : * <-> b"), InlineData(":*"), InlineData("''':*"), InlineData("%_%"), InlineData("\"a b\"")]
    [InlineData("';drop table x;--"), InlineData("a:b"), InlineData("!a"), InlineData("<b>"), InlineData("http://x/?a=b&c"), InlineData("-a"), InlineData("\u200Ba"), InlineData("1e400 -5.3.2")]
    public async Task Whatever_is_searched_for_is_only_words(string hostile)
    {
        var author = await Someone();
        foreach (var sort in new[] { "-rank", "-createdAt", "-priority" })
            (await Call(author, "GET", $"/api/tickets?sort={sort}&q={Uri.EscapeDataString(hostile)}")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task The_longest_search_and_the_longest_texts_are_no_trouble()
    {
        var author = await Someone();
        var wide = string.Concat(Enumerable.Range(0, 10_000).Select(n => char.ConvertFromUtf32(0x20000 + n)));
        await Given(Opened(author, "wide", string.Join(" ", wide.EnumerateRunes().Take(5_000))), [.. Enumerable.Range(0, 12).Select(_ => (Func<Guid, object>)(id =>
            new TicketReplied(id, Guid.NewGuid(), author.Id, string.Join(" ", Enumerable.Range(0, 4_999).Select(_ => char.ConvertFromUtf32(Random.Shared.Next(0x20000, 0x2A000)))))))]);

        (await Call(author, "GET", $"/api/tickets?q={Uri.EscapeDataString(string.Join(" ", Enumerable.Range(0, 100).Select(n => (char)('a' + (n % 26)))))}")).Status.ShouldBe(200);
        (await Call(author, "GET", $"/api/tickets?q={new string('x', 200)}")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Words_that_were_taken_back_are_not_found()
    {
        var author = await Someone();
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        var id = await Given(Opened(author, "tangerine"), id => new TicketReplied(id, first, author.Id, "pineapple"), id => new TicketReplied(id, second, author.Id, "grapefruit"));
        (await Titles(author, "/api/tickets?q=pineapple grapefruit".Replace(" ", "%20", StringComparison.Ordinal))).ShouldBe(["tangerine"]);

        await Append<Ticket>(id, new TicketReplyCorrected(id, first, author.Id, "apple"), new TicketReplyWithdrawn(id, second, author.Id), new TicketEdited(id, author.Id, "mandarin", null, null));

        foreach (var word in new[] { "pineapple", "grapefruit", "tangerine" })
            (await Titles(author, $"/api/tickets?q={word}")).ShouldBeEmpty();
        (await Titles(author, "/api/tickets?q=apple%20mandarin")).ShouldBe(["mandarin"]);

        await Append<Ticket>(id, new TicketErased(id));
        (await Titles(author, "/api/tickets?q=mandarin")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Erased_writing_leaves_the_index_with_its_writer()
    {
        var (author, helper) = (await Someone(), await AModerator());
        var word = $"w{Guid.NewGuid():N}";
        var id = await Given(Opened(author, "mine"), id => new TicketReplied(id, Guid.NewGuid(), helper.Id, word));
        (await Titles(author, $"/api/tickets?q={word}")).ShouldBe(["mine"]);

        await Append<Ticket>(id, new TicketWritingErased(id, helper.Id));

        (await Titles(author, $"/api/tickets?q={word}")).ShouldBeEmpty();
        (await TextOfTheIndex()).ShouldNotContain(word);
    }

    [Fact]
    public async Task Notes_are_never_searched_and_strangers_find_nothing()
    {
        var (author, stranger, moderator) = (await Someone(), await Someone(), await AModerator());
        var (word, secret) = ($"w{Guid.NewGuid():N}", $"s{Guid.NewGuid():N}");
        await Given(Opened(author, word), id => new TicketNotesRewritten(id, moderator.Id, secret), id => new TicketReplied(id, Guid.NewGuid(), author.Id, "later"));

        (await Titles(author, $"/api/tickets?q={word}")).ShouldBe([word]);
        (await Titles(stranger, $"/api/tickets?q={word}")).ShouldBeEmpty();
        (await Titles(moderator, $"/api/tickets?scope=all&q={word}")).ShouldBe([word]);
        (await Titles(moderator, $"/api/admin/tickets?q={word}&sort=-rank")).ShouldBe([word]);
        foreach (var reader in new[] { author, moderator })
            (await Titles(reader, $"/api/tickets{(reader == moderator ? "?scope=all&" : "?")}q={secret}")).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_best_match_comes_first_page_by_page()
    {
        var author = await Someone();
        await Given(Opened(author, "in the text", "a melon"));
        await Given(Opened(author, "melon melon", "melon"));
        await Given(Opened(author, "melon", "nothing"));
        await Given(Opened(author, "newer in the text", "a melon"));

        (await Follow(author, "/api/tickets?q=melon&sort=-rank&limit=1")).Select(t => (string)t["title"]!).ShouldBe(["melon melon", "melon", "newer in the text", "in the text"]);
    }

    [Fact]
    public async Task A_ticket_opened_by_the_API_is_found_at_once()
    {
        var author = await Someone();
        await Call(author, "POST", "/api/tickets", new { title = "Kaleidoscope broken", description = "d" });

        (await Titles(author, "/api/tickets?q=kaleido")).ShouldBe(["Kaleidoscope broken"]);
    }

    [Fact]
    public async Task The_database_is_as_the_service_describes_it() => await Store.Storage.Database.AssertDatabaseMatchesConfigurationAsync(Ct);

    private async Task<string> TextOfTheIndex()
    {
        await using var session = Store.QuerySession();
        return string.Join(" ", await session.QueryAsync<string>("select words::text from ticmate.ticket_text", Ct));
    }
}
