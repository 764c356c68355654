using Marten;
using TicMate.Admin.Operations;
using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;

namespace TicMate.Tests.Admin.Operations;

public sealed class WatchProjectionsTests(OperationsApp app) : OperationsScenarios(app)
{
    [Fact]
    public async Task A_projection_whose_progress_another_process_moved_goes_on_from_there()
    {
        var admin = await Someone(Roles.Admin);
        await Triaged("before");
        await Until(async () => (long)(await Quality(admin))["lag"]! == 0, "it has caught up");

        // As an overlapping process does: it has handled the next event, and this one learns of it when it comes to store its own progress.
        await Sql<int>("with moved as (update ticmate.mt_event_progression set last_seq_id = last_seq_id + 1 where name = 'AdviceQuality:All' returning 1) select count(*)::int from moved");
        await Someone();
        await Until(() => Task.FromResult(App.Log.Lines.Any(line => line.Text.Contains("had stopped: ProgressionOutOfOrder", StringComparison.Ordinal))), "it is told that it had stopped");

        await Triaged("ours");
        await Until(async () => await Quality(admin) is var quality && (long)quality["lag"]! == 0 && (string)quality["state"]! == "running", "it goes on");
        (await Sql<long>("select count(*) from ticmate.ai_proposals where advisor = 'ours'")).ShouldBe(1);
        (await Sql<long>("select sum(proposed)::bigint from ticmate.ai_quality where advisor = 'ours'")).ShouldBe(1);
    }

    [Theory]
    [InlineData(1, 4), InlineData(2, 8), InlineData(5, 64), InlineData(9, 300), InlineData(1_000, 300)]
    public void Tries_are_ever_further_apart_up_to_five_minutes(int count, int seconds) => WatchProjections.WaitAfter(count).ShouldBe(TimeSpan.FromSeconds(seconds));

    private async Task<System.Text.Json.Nodes.JsonNode> Quality(Caller admin) =>
        (await Call(admin, "GET", "/api/admin/operations")).Body["projections"]!.AsArray().Single(p => (string)p!["name"]! == "AdviceQuality:All")!;

    private async Task Triaged(string advisor)
    {
        var id = Guid.CreateVersion7();
        await using var session = Store.LightweightSession();
        session.Events.StartStream<Ticket>(id, new TicketCreated(id, Random.Shared.Next(1_000_000, int.MaxValue), id, "t", "d"),
            new TicketTriaged(id, advisor, [new(ProposalField.Summary, ["s"], 0.5, "r", [], true)]));
        await session.SaveChangesAsync(Ct);
    }
}
