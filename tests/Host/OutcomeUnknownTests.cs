using Marten;
using Marten.Services;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using TicMate.Host;

namespace TicMate.Tests.Host;

/// <summary>The service on a database that can be lost right after a commit, before anybody hears of it.</summary>
public sealed class AppThatLosesTheDatabase : App
{
    public CutAfterCommit Cut { get; } = new();

    protected override void Configure(IServiceCollection services) => services.ConfigureMarten(store => store.Listeners.Add(Cut));
}

public sealed class CutAfterCommit : DocumentSessionListenerBase
{
    private volatile string? title;

    /// <summary>Cuts once, when a ticket with this title has been stored.</summary>
    public void After(string ticketTitle) => title = ticketTitle;

    public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
    {
        if (title is null || !commit.GetEvents().Any(e => e.Data is TicMate.Tickets.Contracts.TicketCreated created && created.Title == title))
            return Task.CompletedTask;

        title = null;
        throw new NpgsqlException("The connection is gone.", new IOException());
    }
}

public sealed class OutcomeUnknownTests(AppThatLosesTheDatabase app) : KeyedCalls(app), IClassFixture<AppThatLosesTheDatabase>
{
    [Fact]
    public async Task Who_was_told_that_the_outcome_is_unknown_learns_it_with_the_same_key()
    {
        var (person, key, body) = (await Someone(), AKey(), new { title = "Lost?", description = "Maybe." });
        app.Cut.After("Lost?");

        var lost = (await Post(person, key, body)).ShouldRefuse(503, "outcome-unknown");
        var again = await Post(person, key, body);

        lost.Http.Response.Headers.RetryAfter.ToString().ShouldBe("1");
        (again.Status, IsReplay(again)).ShouldBe((201, true));
        (await TicketsOf(person)).ShouldBe(1);
        again.Http.Response.Headers.Location.ToString().ShouldBe($"/api/tickets/{again.Id("ticket")}");
    }
}
