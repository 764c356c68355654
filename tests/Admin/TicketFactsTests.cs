using JasperFx.Events;
using TicMate.Admin.Dashboard;
using TicMate.Tickets.Contracts;

namespace TicMate.Tests.Admin;

public sealed class TicketFactsTests
{
    private static readonly Guid Id = Guid.NewGuid(), Author = Guid.NewGuid(), Mo = Guid.NewGuid();
    private static readonly DateTimeOffset Start = new(2026, 11, 2, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_reopened_ticket_counts_by_its_last_completion_and_takes_back_the_one_before()
    {
        var changes = Told((0, Created()), (2, Completed()), (30, Reopened()), (50, Completed()));

        Flow(changes, FlowKind.Completed).ShouldBe([(At(50), 0, 1)]);
        Flow(changes, FlowKind.Resolution).ShouldBe([(At(50), Histogram.BinOf(TimeSpan.FromHours(50)), 1)]);
        Flow(changes, FlowKind.FirstCompletion).ShouldBe([(At(2), 0, 1), (At(2), 1, 1)]);
        Flow(changes, FlowKind.Reopened).ShouldBe([(At(30), 0, 1)]);
        changes.Days.SelectMany(day => day.Flow, (day, f) => (day.Day.Day, f.Key.Kind, f.Key.Bucket, f.Value)).Where(f => f.Kind is FlowKind.Completed)
            .ShouldBe([(2, FlowKind.Completed, At(2), 1), (3, FlowKind.Completed, At(2), -1), (4, FlowKind.Completed, At(50), 1)]);
    }

    [Fact]
    public void While_it_is_open_again_there_is_no_resolution()
    {
        var changes = Told((0, Created()), (2, Completed()), (3, Reopened()));

        Flow(changes, FlowKind.Resolution).ShouldBeEmpty();
        Stock(changes, StockKind.Status).ShouldBe([("todo", 1)]);
        Stock(changes, StockKind.Done).ShouldBeEmpty();
    }

    [Fact]
    public void A_merge_completes_without_resolving_and_undoes_without_a_trace()
    {
        var merged = new TicketMerged(Id, Guid.NewGuid(), Mo, "", null);

        var changes = Told((0, Created()), (1, merged));
        (Stock(changes, StockKind.Status).Single(), Flow(changes, FlowKind.Completed).Single().Bucket).ShouldBe((("completed", 1), At(1)));
        Flow(changes, FlowKind.Resolution).ShouldBeEmpty();
        Flow(changes, FlowKind.FirstCompletion).ShouldBeEmpty();

        changes = Told((0, Created()), (1, merged), (2, new TicketUnmerged(Id, Guid.NewGuid(), Mo, null)));
        Stock(changes, StockKind.Status).ShouldBe([("todo", 1)]);
        Flow(changes, FlowKind.Completed).ShouldBeEmpty();

        // What was completed before stays resolved.
        changes = Told((0, Created()), (1, Completed()), (2, merged));
        Flow(changes, FlowKind.Resolution).Single().Bucket.ShouldBe(At(1));
    }

    [Fact]
    public void What_was_solved_before_it_came_here_counts_but_took_no_time()
    {
        var changes = Told((0, Created() with { IsTriaged = false }), (0, new TicketSkillsRecorded(Id, ["Ink"])), (0, Completed() with { AssigneeId = null }));

        (Stock(changes, StockKind.Status).Single(), Stock(changes, StockKind.Skill).Single()).ShouldBe((("completed", 1), ("INK", 1)));
        Flow(changes, FlowKind.Completed).Length.ShouldBe(1);
        Flow(changes, FlowKind.Resolution).ShouldBeEmpty();
        Flow(changes, FlowKind.FirstCompletion).ShouldBeEmpty();
    }

    [Fact]
    public void Deleted_it_leaves_nothing_and_restored_it_is_back()
    {
        object[] life = [Created(), new TicketAssigned(Id, Mo, null, [], ""), new TicketReplied(Id, Guid.NewGuid(), Mo, "m"), Completed(), Reopened(), Completed()];
        var whole = Told([.. life.Select((e, hour) => (hour, e))]);
        var gone = Told([.. life.Append(new TicketDeleted(Id, Mo, null)).Select((e, hour) => (hour, e))]);
        var back = Told([.. life.Append(new TicketDeleted(Id, Mo, null)).Append(new TicketRestored(Id, Mo, null)).Select((e, hour) => (hour, e))]);

        var (nothing, all, again) = (gone.Days.Single(), whole.Days.Single(), back.Days.Single());
        nothing.Stock.Values.ShouldAllBe(sum => sum.Count == 0 && sum.Part == 0);
        nothing.Rows.SelectMany(row => row.By).ShouldAllBe(count => count == 0);
        again.Rows.Select(Text).ShouldBe(all.Rows.Select(Text), ignoreOrder: true);

        static string Text((FlowPlace Row, int[] By) row) => $"{row.Row} {string.Join(' ', row.By)}";
    }

    [Fact]
    public void Only_the_first_reply_of_somebody_else_is_a_response()
    {
        var changes = Told(
            (0, Created()), (1, new TicketReplied(Id, Guid.NewGuid(), Author, "m")), (2, new TicketReplied(Id, Guid.NewGuid(), Mo, "m")), (3, new TicketReplied(Id, Guid.NewGuid(), Mo, "m")));

        Flow(changes, FlowKind.Response).ShouldBe([(At(2), Histogram.BinOf(TimeSpan.FromHours(2)), 1)]);
    }

    [Fact]
    public void Advice_changes_what_no_person_has_set()
    {
        var advice = new TicketTriaged(Id, "m", [P("priority", "high"), P("category", "Printers"), P("skills", "Ink", "ink", "Paper")]);
        var changes = Told((0, Created() with { Category = "Mine" }), (1, advice));

        (Stock(changes, StockKind.Priority).Single().Key, Stock(changes, StockKind.Category).Single().Key).ShouldBe(("high", "Mine"));
        Stock(changes, StockKind.Skill).ShouldBe([("INK", 1), ("PAPER", 1)], ignoreOrder: true);

        changes = Told((0, Created()), (1, advice), (2, new TicketTriageUndone(Id, Mo, "medium", [], "", "")), (3, advice));
        Stock(changes, StockKind.Priority).Single().Key.ShouldBe("medium");
        Stock(changes, StockKind.Category).Single().Key.ShouldBe("");
    }

    [Fact]
    public void A_clock_that_is_behind_does_not_turn_the_day_back()
    {
        var changes = new Changes(new DateOnly(2026, 11, 5));
        changes.Add(Start, [], [Tally.Stock(StockKind.Status, "todo", 1)]);

        changes.Days.Single().Day.ShouldBe(new DateOnly(2026, 11, 5));
    }

    // Created, completed, and by 4 stretches of a day and longer: resolutions, those of one person, first completions.
    [Theory, InlineData(100), InlineData(5_000)]
    public void However_much_happens_on_a_day_it_is_told_in_as_many_rows(int tickets)
    {
        var changes = new Changes(default);
        for (var n = 0; n < tickets; n++)
        {
            var created = new TicketFacts(Guid.NewGuid(), Author, Start.AddSeconds(n));
            var completed = created with { Status = Status.Completed, CompletedAt = created.CreatedAt.AddSeconds(1 + (n * 37 % 20_000)), CompletedFor = Mo };
            changes.Add(Start, [], (completed with { FirstCompletedAt = completed.CompletedAt }).Tallies());
        }

        var rows = changes.Days.Single().Rows.ToArray();
        rows.Count(row => row.Row.Span >= Bucket.Day).ShouldBe(2 + (3 * 4));
        rows.Where(row => row.Row.Kind is FlowKind.Created).Sum(row => row.By.Sum()).ShouldBe(tickets);
        rows.Length.ShouldBeLessThan(2 + (3 * (4 + 12 + Bucket.Day)));
    }

    private static TicketProposal P(string field, params string[] value) => new(field, value, 0.9, "", [], true);

    private static TicketCreated Created() => new(Id, 1, Author, "t", "d");

    private static TicketStatusChanged Completed() => new(Id, Mo, Status.Todo, Status.Completed, Mo);

    private static TicketStatusChanged Reopened() => new(Id, Mo, Status.Completed, Status.Todo, Mo);

    private static int At(int hour) => Bucket.Of(Start.AddHours(hour));

    private static Changes Told(params (int Hour, object Data)[] events)
    {
        var changes = new Changes(default);
        TicketFacts? ticket = null;
        foreach (var (hour, data) in events)
        {
            var e = (IEvent)Activator.CreateInstance(typeof(Event<>).MakeGenericType(data.GetType()), data)!;
            e.Timestamp = Start.AddHours(hour);
            var before = ticket;
            ticket = TicketFacts.After(before, e);
            changes.Add(e.Timestamp, before?.Tallies() ?? [], ticket!.Tallies());
        }

        return changes;
    }

    private static (int Bucket, int Bin, int Count)[] Flow(Changes changes, string kind) =>
    [
        .. changes.Days.SelectMany(day => day.Flow).Where(f => f.Key.Kind == kind).GroupBy(f => f.Key).Select(f => (f.Key.Bucket, f.Key.Bin, Count: f.Sum(by => by.Value))).Where(f => f.Count != 0),
    ];

    private static (string Key, int Count)[] Stock(Changes changes, string kind) =>
        [.. changes.Days.SelectMany(day => day.Stock).Where(c => c.Key.Kind == kind).GroupBy(c => c.Key.Key).Select(c => (c.Key, (int)c.Sum(s => s.Value.Count))).Where(c => c.Item2 != 0)];
}
