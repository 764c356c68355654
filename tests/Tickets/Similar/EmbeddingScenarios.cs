using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using TicMate.Tests.Fakes;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Erasure;
using TicMate.Tickets.Similar;
using Wolverine.Tracking;

namespace TicMate.Tests.Tickets.Similar;

/// <summary>A service that is told to embed; whether it can depends on the server's extensions.</summary>
public sealed class AppWithEmbeddings : App
{
    public FakeModel Model { get; private set; } = null!;

    protected override IEnumerable<(string, string)> Settings =>
        [("Ai:BaseUrl", Model.BaseUrl.ToString()), ("Ai:EmbeddingModel", "vectors-test"), ("Ai:EmbeddingDimensions", "4")];

    public override async ValueTask InitializeAsync()
    {
        Model = await FakeModel.StartAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Model.DisposeAsync();
    }
}

public sealed class EmbeddingScenarios(AppWithEmbeddings app) : Scenarios(app), IClassFixture<AppWithEmbeddings>
{
    private const string MayHaveVectors =
        "select exists (select from pg_available_extension_versions v join pg_roles r on r.rolname = current_user where v.name = 'vector' and (v.trusted or r.rolsuper))";

    private static int number = 650_000_000;

    private static readonly float[] Paper = [1, 0.1f, 0, 0], Money = [0, 0, 1, 0.1f];

    private T The<T>() where T : notnull => Host.Services.GetRequiredService<T>();

    private async Task<bool> Any(string sql, params object[] values)
    {
        await using var session = Store.QuerySession();
        return (await session.QueryAsync<bool>(sql, Ct, values))[0];
    }

    private Task<bool> IsEmbedded(Guid ticket) => Any($"select exists (select from ticmate.{Vectors.Table} where ticket_id = ? and is_solved)", ticket);

    // The start makes the table in the background; a second time changes nothing.
    private async Task NeedsTheExtension()
    {
        Assert.SkipUnless(await Any(MayHaveVectors), "This PostgreSQL has no pgvector that the tests may turn on.");
        (await Vectors.TryCreateAsync(Store, new() { EmbeddingModel = "vectors-test", EmbeddingDimensions = 4 }, Ct)).ShouldBeTrue();
        (await The<Vectors>().SchemaAsync(Ct)).ShouldNotBeNull();
        (app.Model.EmbeddingBehaviour, app.Model.Meaning) = (null, text => text.Contains("paper", StringComparison.Ordinal) || text.Contains("sheet", StringComparison.Ordinal) ? Paper : Money);
    }

    private async Task<Guid> Solved(Caller author, string title)
    {
        var id = (Guid)(await ATicket(author, title, "As I say."))["id"]!;
        (await CallAndSettle(author, "PUT", $"/api/tickets/status/{id}")).Status.ShouldBe(200);
        return id;
    }

    private async Task<Guid> SolvedUnheard(Caller author, string title)
    {
        var id = Guid.CreateVersion7();
        await using var session = Store.LightweightSession();
        session.Events.StartStream<Ticket>(id, new TicketCreated(id, Interlocked.Increment(ref number), author.Id, title, "d"), new TicketStatusChanged(id, author.Id, Status.Todo, Status.Completed, null));
        await session.SaveChangesAsync(Ct);
        return id;
    }

    private async Task<JsonArray> Like(Caller caller, string title) => (await Call(caller, "POST", "/api/tickets/similar", new { title })).Body["similar"]!.AsArray();

    private static IEnumerable<Guid> Ids(JsonArray found) => found.Select(like => (Guid)like!["ticket"]!["id"]!);

    [Fact]
    public async Task What_means_the_same_in_other_words_is_found_each_text_is_paid_for_once_and_a_model_that_fails_costs_nobody_the_answer()
    {
        await NeedsTheExtension();
        var (author, other, staff) = (await Someone(), await Someone(), await AModerator());
        var asked = app.Model.EmbeddingRequests.Count();
        var (paper, money) = (await Solved(author, "No paper comes out, mail ada@example.org"), await Solved(other, "Wage missing"));
        (await IsEmbedded(paper), await IsEmbedded(money), app.Model.EmbeddingRequests.Count() - asked).ShouldBe((true, true, 2));
        app.Model.EmbeddingRequests.ShouldAllBe(request => !request.Body.Contains("ada@example.org", StringComparison.Ordinal) && !request.Body.Contains(author.Name, StringComparison.Ordinal));

        var found = await Like(staff, "sheets stuck inside");
        Ids(found).First().ShouldBe(paper);
        Ids(found).ShouldNotContain(money);
        ((double)found[0]!["score"]!).ShouldBeGreaterThan(0.9);
        found[0]!["matchedTerms"]!.AsArray().ShouldBeEmpty();
        Ids(await Like(author, "sheets stuck inside")).ShouldBe([paper]);
        Ids(await Like(other, "sheets stuck inside")).ShouldBeEmpty();

        asked = app.Model.EmbeddingRequests.Count();
        await Host.InvokeMessageAndWaitAsync(new EmbedTicket(paper));
        var opened = (Guid)(await ATicket(other, "A sheet is jammed"))["id"]!;
        for (var time = 0; time < 2; time++)
            Ids((await Call(staff, "GET", $"/api/tickets/{opened}/similar")).Body["similar"]!.AsArray()).First().ShouldBe(paper);
        await CallAndSettle(other, "PUT", $"/api/tickets/status/{opened}");
        (app.Model.EmbeddingRequests.Count() - asked, await IsEmbedded(opened)).ShouldBe((1, true));
        (await Any("select sum(calls) = ? from ticmate.ai_spend where feature = 'embedding' and model = 'vectors-test'", app.Model.EmbeddingRequests.Count())).ShouldBeTrue();

        await CallAndSettle(staff, "PATCH", $"/api/tickets/{paper}", new { title = "Wage late" });
        Ids(await Like(staff, "sheets stuck inside")).ShouldNotContain(paper);

        // Last, because the model is left alone for a minute then.
        app.Model.EmbeddingBehaviour = FakeModel.Refuses(500);
        Ids(await Like(staff, "sheet jammed, wage or not")).ShouldContain(opened);
    }

    [Fact]
    public async Task With_the_words_their_meaning_is_erased()
    {
        await NeedsTheExtension();
        var author = await Someone();
        var ticket = await Solved(author, "Torn paper");
        (await IsEmbedded(ticket)).ShouldBeTrue();

        await Host.InvokeMessageAndWaitAsync(new EraseTicketWriting(ticket, author.Id));
        (await IsEmbedded(ticket)).ShouldBeFalse();
        await Host.InvokeMessageAndWaitAsync(new EmbedTicket(ticket));
        (await IsEmbedded(ticket)).ShouldBeFalse();
    }

    [Fact]
    public async Task Solved_tickets_that_nobody_told_of_are_embedded_later()
    {
        await NeedsTheExtension();
        var ticket = await SolvedUnheard(await Someone(), "A sheet of paper");

        (await The<EmbedSolvedTickets>().LookAsync(Ct)).ShouldBeGreaterThan(0);
        (await IsEmbedded(ticket)).ShouldBeTrue();
    }

    [Fact]
    public async Task Without_the_extension_words_alone_decide_and_no_model_is_asked()
    {
        Assert.SkipWhen(await Any(MayHaveVectors), "This PostgreSQL has pgvector.");
        var (author, word) = (await Someone(), ASkill());
        var ticket = await Solved(author, $"{word} paper");

        Ids(await Like(author, $"{word} elsewhere")).ShouldBe([ticket]);

        (await Vectors.TryCreateAsync(Store, new() { EmbeddingModel = "vectors-test" }, Ct)).ShouldBeFalse();
        (await The<EmbedSolvedTickets>().LookAsync(Ct)).ShouldBe(0);
        await Host.InvokeMessageAndWaitAsync(new EraseTicketWriting(ticket, author.Id));
        app.Model.EmbeddingRequests.ShouldBeEmpty();
    }
}
