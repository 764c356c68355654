using Microsoft.Extensions.DependencyInjection;
using TicMate.Identity.Contracts;
using Microsoft.Extensions.Logging.Abstractions;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Erasure;
using TicMate.Tickets.Triage;
using Wolverine.Tracking;

namespace TicMate.Tests.Tickets.Triage;

public sealed class LearnFromSolvedTicketsTests(App app) : AppTest(app)
{
    private static int number = 2_000_000;

    // Each test has a stored model of its own: the service keeps one as well.
    private readonly string form = $"test-{Guid.NewGuid():N}";

    [Fact]
    public async Task Solved_tickets_teach_a_category()
    {
        var (gardens, _) = await History("sprinklerq");
        using var node = ANode();

        await node.Learning.LearnAsync(Ct);
        var advice = BuiltInTriage.Advise(new("The Sprinklerq", "waters the hedgesprinklerq"), await node.Knows());

        var category = advice.Proposals.Single(p => p.Field == ProposalField.Category);
        category.Value.ShouldBe([gardens]);
        category.Reason.ShouldContain("#200");
        category.Quotes.ShouldContain("Sprinklerq");
    }

    [Fact]
    public async Task One_node_trains_and_the_others_serve_the_same()
    {
        await History("lawnq");
        using var first = ANode();
        using var second = ANode();
        using var late = ANode();

        await Task.WhenAll(first.Learning.LearnAsync(Ct), second.Learning.LearnAsync(Ct));
        await late.Learning.LearnAsync(Ct);

        (await first.Stored.HeadAsync(Ct))!.Generation.ShouldBe(1);
        var version = (await first.Lessons()).ShouldNotBeNull().Version;
        ((await second.Lessons())!.Version, (await late.Lessons())!.Version).ShouldBe((version, version));
    }

    [Fact]
    public async Task A_stored_model_that_cannot_be_read_is_trained_anew()
    {
        await History("rakeq");
        using var first = ANode();
        await first.Learning.LearnAsync(Ct);
        await using (var session = Store.LightweightSession())
        {
            session.QueueSqlCommand("update ticmate.ai_lessons set model = set_byte(model, 40, get_byte(model, 40) # 1) where format = ?", form);
            await session.SaveChangesAsync(Ct);
        }

        using var second = ANode();
        await second.Learning.LearnAsync(Ct);

        (await second.Lessons())!.Version.ShouldBe((await first.Lessons())!.Version);
        (await second.Stored.HeadAsync(Ct))!.Generation.ShouldBe(2);
        (await second.Stored.LoadAsync(Ct)).ShouldNotBeNull();
    }

    [Fact]
    public async Task What_is_erased_is_gone_from_the_stored_model_at_once_and_is_not_learned_again()
    {
        var (_, tickets) = await History("shovelq", "canaryq");
        using var node = ANode();
        await node.Learning.LearnAsync(Ct);
        (await node.Stored.LoadAsync(Ct))!.Solved.Likeness("canaryq").ShouldContain(likeness => likeness > 0);

        foreach (var id in tickets.Take(2))
            await Host.InvokeMessageAndWaitAsync(new EraseTicketWriting(id, (await Load<Ticket>(id))!.AuthorId));

        (await node.Stored.LoadAsync(Ct)).ShouldBeNull();
        await node.Learning.LearnAsync(Ct);
        foreach (var lessons in new[] { await node.Stored.LoadAsync(Ct), await node.Lessons() })
        {
            lessons!.Solved.Likeness("canaryq").ShouldAllBe(likeness => likeness == 0);
            lessons.Solved.Likeness("shovelq").ShouldContain(likeness => likeness > 0);
        }
    }

    [Fact]
    public async Task What_is_erased_while_a_node_trains_is_not_stored_by_it()
    {
        var stored = new StoredLessons(Store, form);

        var trained = await stored.TrainAsync(0, async () =>
        {
            await using var session = Store.LightweightSession();
            StoredLessons.Forget(session);
            await session.SaveChangesAsync(Ct);
            return (null, 10);
        }, patient: false, Ct);

        trained.ShouldBeNull();
        (await stored.HeadAsync(Ct)).ShouldBe(new StoredModel(1, null, null));
    }

    [Fact]
    public async Task Nodes_of_another_release_take_nothing_from_one_that_trains_or_has_to()
    {
        var (ours, theirs) = (new StoredLessons(Store, form), new StoredLessons(Store, $"{form}-next"));
        Task<(Lessons?, int)> Nothing() => Task.FromResult<(Lessons?, int)>((null, 10));

        (await ours.TrainAsync(0, async () =>
        {
            (await theirs.TrainAsync(0, Nothing, patient: false, Ct)).ShouldBe(1);
            return await Nothing();
        }, patient: false, Ct)).ShouldBe(1);

        await using (var session = Store.LightweightSession())
        {
            StoredLessons.Forget(session);
            await session.SaveChangesAsync(Ct);
        }

        (await theirs.TrainAsync(2, Nothing, patient: false, Ct)).ShouldBe(3);
        (await ours.HeadAsync(Ct)).ShouldBe(new StoredModel(2, null, null));
    }

    // Words that no other test says: the service itself may come to learn from these tickets. The canary stands in the first two only.
    private async Task<(string Category, IReadOnlyList<Guid> Tickets)> History(string word, string canary = "")
    {
        var (author, gardens, vehicles, tickets) = (await Someone(), ASkill(), ASkill(), new List<Guid>());
        await using var session = Store.LightweightSession();
        for (var i = 0; i < 120; i++)
        {
            var id = Guid.CreateVersion7();
            var isGarden = i % 2 == 0;
            tickets.Add(id);
            session.Events.StartStream<Ticket>(id,
                new TicketCreated(
                    id, Interlocked.Increment(ref number), author.Id, isGarden ? $"lawn{word}" : $"forklift{word}", (isGarden ? $"hedge{word} {word}" : $"gearbox{word} clutch{word}") + (i < 2 ? $" {canary}" : ""),
                    isGarden ? gardens : vehicles),
                new TicketStatusChanged(id, author.Id, Status.Todo, Status.Completed, null));
        }

        await session.SaveChangesAsync(Ct);
        return (gardens, tickets);
    }

    private Node ANode()
    {
        var (stored, knowledge) = (new StoredLessons(Store, form), new TriageKnowledge(Host.Services.GetRequiredService<IStaff>()));
        return new(stored, knowledge, new(Store, stored, knowledge, TimeProvider.System, NullLogger<LearnFromSolvedTickets>.Instance));
    }

    private sealed record Node(StoredLessons Stored, TriageKnowledge Knowledge, LearnFromSolvedTickets Learning) : IDisposable
    {
        public Task<Installation> Knows() => Knowledge.CurrentAsync(Ct).AsTask().InTime("the node has learned");

        public async Task<Lessons?> Lessons() => (await Knows()).Learned;

        public void Dispose() => Learning.Dispose();
    }
}
