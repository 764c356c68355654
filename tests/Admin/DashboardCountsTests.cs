using System.Globalization;
using System.Text.Json.Nodes;
using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using Marten.Events;
using Marten.Events.Daemon.Coordination;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using TicMate.Admin.Dashboard;
using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;

namespace TicMate.Tests.Admin;

/// <summary>A service with a past: what is appended gets the time that the clock of its events says.</summary>
public sealed class AppWithPast : App
{
    public EventClock Clock { get; } = new();

    protected override void Configure(IServiceCollection services) => services.ConfigureMarten(store => store.Events.TimeProvider = Clock);

    public sealed class EventClock : TimeProvider
    {
        private readonly DatabaseTime now = new();

        public DateTimeOffset? Stopped { get; set; }

        public override DateTimeOffset GetUtcNow() => Stopped ?? now.GetUtcNow();
    }
}

public sealed class DashboardCountsTests(AppWithPast app) : Scenarios(app), IClassFixture<AppWithPast>
{
    private static readonly string[] Words = ["", "Printers", "Networks", "Doors"], Skills = ["Ink", "ink", "Cables", "Locks"], Statuses = [.. Status.Words.Order(StringComparer.Ordinal)];

    // Told in one go: the past comes first, and what is compared is everything there is.
    [Fact]
    public async Task The_numbers_are_those_that_counting_gives_now_and_then_and_after_a_rebuild()
    {
        var today = new DateTimeOffset(DateTime.UtcNow.Date, TimeSpan.Zero);
        var (lee, kim) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        app.Clock.Stopped = today.AddDays(-20).AddHours(9);
        foreach (var id in new[] { lee, kim })
            await Start<User>(id, new UserRegistered(id, Roles.Moderator, []));

        var then = await Lives(300, new Random(20), today.AddDays(-20).AddHours(9), today.AddDays(-10), [lee, kim], []);
        var (thenOpen, thenTotal, thenMedian) = await Counted();
        await Lives(200, new Random(10), today.AddDays(-10), today.AddHours(-1), [lee, kim], then);
        app.Clock.Stopped = null;

        var admin = await Someone(Roles.Admin);
        var ticket = Guid.CreateVersion7();
        await Start<Ticket>(ticket, new TicketCreated(ticket, Number(), admin.Id, "t", "d", Deadline: DateTimeOffset.UtcNow.AddSeconds(-1)));
        await Settled();

        var now = await Dashboard(admin, "?from=" + Text(today.AddDays(-29)));
        var (tickets, shown) = (await All<Ticket>(), now["stats"]!);
        var there = tickets.Where(t => t.DeletedAt is null).ToArray();
        ((int)shown["totalTickets"]!, (int)shown["todoTickets"]!, (int)shown["inProgressTickets"]!, (int)shown["waitingTickets"]!, (int)shown["completedTickets"]!, (int)shown["overdueTickets"]!).ShouldBe(
            (there.Length, In(Status.Todo), In(Status.InProgress), In(Status.Waiting), In(Status.Completed), there.Count(t => t.IsOverdue(DateTimeOffset.UtcNow))));
        int In(string status) => there.Count(t => t.Status == status);

        Counts(now["byPriority"]!).ShouldBe(Priority.Words.Select(p => (p, there.Count(t => t.Priority == p), there.Count(t => t.Priority == p && t.IsOpen))), ignoreOrder: true);
        Counts(now["byCategory"]!).ShouldBe(there.GroupBy(t => t.Category).Select(c => (c.Key, c.Count(), c.Count(t => t.IsOpen))), ignoreOrder: true);
        Counts(now["bySkill"]!).Select(s => (Skill.Key(s.Key), s.Count, s.Open)).ShouldBe(
            there.SelectMany(t => t.RelatedSkills.DistinctBy(Skill.Key).Select(s => (Key: Skill.Key(s), t.IsOpen))).GroupBy(s => s.Key).Select(s => (s.Key, s.Count(), s.Count(t => t.IsOpen))), ignoreOrder: true);
        now["days"]!.AsArray().Select(d => ((string)d!["day"]!, (int)d["created"]!, (int)d["completed"]!)).ShouldBe(Enumerable.Range(0, 30).Select(n => today.AddDays(n - 29)).Select(day =>
            (Text(day), there.Count(t => t.CreatedAt >= day && t.CreatedAt < day.AddDays(1)), there.Count(t => t.CompletedAt >= day && t.CompletedAt < day.AddDays(1)))));
        now["moderators"]!.AsArray().Where(m => (Guid)m!["id"]! == lee || (Guid)m["id"]! == kim).Select(m => ((Guid)m!["id"]!, (int)m["open"]!)).ShouldBe(
            new[] { lee, kim }.Select(id => (id, there.Count(t => t.IsOpen && t.AssigneeId == id))), ignoreOrder: true);
        now["backlogByAge"]!.AsArray().Sum(a => (int)a!["count"]!).ShouldBe(there.Count(t => t.IsOpen));
        now["byStatus"]!.AsArray().Sum(s => (int)s!["count"]!).ShouldBe(there.Length);

        var resolved = there.Where(t => t.TriageRound > 0).Select(t => (t.CreatedAt, At: t.MergedInto is null ? t.CompletedAt : t.BeforeMerge!.At)).Where(t => t.At is not null)
            .Select(t => (t.At - t.CreatedAt)!.Value.TotalSeconds).Order().ToArray();
        ((int)now["resolution"]!["n"]!).ShouldBe(resolved.Length);
        ((double)now["resolution"]!["medianSeconds"]!).ShouldBe(resolved[(resolved.Length + 1) / 2 - 1], 0.05 * resolved[(resolved.Length + 1) / 2 - 1]);
        ((int)now["reopened"]!["reopened"]!).ShouldBeInRange(1, (int)now["reopened"]!["completed"]!);
        now["moderators"]!.AsArray().Sum(m => (int)m!["completed"]!).ShouldBeInRange(1, resolved.Length);

        // As it stood ten days ago, whatever happened to those tickets since.
        var past = await Dashboard(admin, $"?asOf={Text(today.AddDays(-11))}&from={Text(today.AddDays(-29))}");
        ((int)past["stats"]!["totalTickets"]!, past["byStatus"]!.AsArray().Where(s => (string)s!["key"]! != Status.Completed).Sum(s => (int)s!["count"]!), (int)past["stats"]!["totalUsers"]!)
            .ShouldBe((thenTotal, thenOpen, 2));
        ((double)past["resolution"]!["medianSeconds"]!).ShouldBe(thenMedian, 0.05 * thenMedian);
        past["days"]!.AsArray().Sum(d => (int)d!["created"]!).ShouldBe(thenTotal);

        await What_is_read_is_bounded($"?from={Text(today.AddDays(-29))}&tz=Asia/Kathmandu");
        await What_is_read_is_bounded($"?from={Text(today.AddDays(-29))}&asOf={Text(today.AddDays(-5))}");
        await A_rebuild_gives_the_same();
    }

    // One row for each stretch and kind or person, and for each UTC day; nothing else is read of what happened.
    private async Task What_is_read_is_bounded(string text)
    {
        var (query, _) = DashboardQuery.Read(new QueryCollection(QueryHelpers.ParseQuery(text)), DateTimeOffset.UtcNow);
        var numbers = await Host.Services.GetRequiredService<DashboardNumbers>().ReadAsync(query, Ct);

        var stretches = Bucket.Cover(query.First, query.Last, Bucket.Spans).Sum(stretch => (stretch.Last - stretch.First) / stretch.Span);
        numbers.Flows.GroupBy(row => (row.Kind, row.Key)).ShouldAllBe(rows => rows.Count() <= stretches);
        numbers.Days.GroupBy(row => row.Kind).ShouldAllBe(rows => rows.Count() <= query.Days.Count + 1);
        stretches.ShouldBeLessThan(60);
    }

    // Pages of another size, another schema; then the daemon's own way.
    private async Task A_rebuild_gives_the_same()
    {
        var before = await Tables("ticmate");
        IJasperFxProjection<IDocumentOperations> copy = new DashboardProjection("elsewhere");
        await using (var connection = Store.Storage.Database.CreateConnection())
        {
            await connection.OpenAsync(Ct);
            await using var create = new NpgsqlCommand(
                "create schema elsewhere; " + string.Concat(new[] { "stock", "flow", "past", "facts", "state" }.Select(t => $"create table elsewhere.dashboard_{t} (like ticmate.dashboard_{t} including all);")), connection);
            await create.ExecuteNonQueryAsync(Ct);
        }

        await using (var reading = Store.QuerySession())
            foreach (var page in (await reading.Events.QueryAllRawEvents().OrderBy(e => e.Sequence).ToListAsync(Ct)).Chunk(173))
            {
                await using var session = Store.LightweightSession();
                await copy.ApplyAsync(session, page, Ct);
                await session.SaveChangesAsync(Ct);
            }

        (await Tables("elsewhere")).Except(before).ShouldBeEmpty();
        (await Tables("elsewhere")).Count.ShouldBe(before.Count);

        await Host.Services.GetRequiredService<IProjectionCoordinator>().DaemonForMainDatabase().RebuildProjectionAsync<DashboardProjection>(Ct);
        (await Tables("ticmate")).ShouldBe(before);
    }

    private async Task<IReadOnlyList<string>> Tables(string schema)
    {
        await using var session = Store.QuerySession();
        List<string> rows = [];
        foreach (var table in new[] { "stock", "flow", "past", "facts" })
            rows.AddRange(await session.QueryAsync<string>($"select t::text from (select * from {schema}.dashboard_{table}) t order by 1", Ct));

        return rows;
    }

    private sealed record Life(Guid Id)
    {
        public string Status { get; set; } = Todo;
        public bool IsDeleted { get; set; }
        public bool IsMerged { get; set; }
        public Guid? Assignee { get; set; }
    }

    private const string Todo = Status.Todo;

    // So many things happen to tickets, one after the other, evenly in the time given.
    private async Task<List<Life>> Lives(int count, Random random, DateTimeOffset from, DateTimeOffset to, Guid[] staff, List<Life> lives)
    {
        for (var n = 0; n < count; n++)
        {
            app.Clock.Stopped = from + ((to - from) * n / count);
            var life = lives.Count == 0 ? null : lives[random.Next(lives.Count)];
            var (status, person) = (Statuses[random.Next(Statuses.Length)], staff[random.Next(staff.Length)]);
            Guid? worker = life is { Status: not Status.Completed } ? life.Assignee : null;
            object? happened = life is null ? null : random.Next(16) switch
            {
                < 4 when life.IsDeleted => new TicketRestored(life.Id, person, worker),
                _ when life.IsDeleted => null,
                < 3 when life.IsMerged => new TicketUnmerged(life.Id, person, person, worker),
                _ when life.IsMerged => null,
                < 5 when status != life.Status && !(life.Status is Status.Completed && status is Status.Waiting) => new TicketStatusChanged(life.Id, person, life.Status, status, life.Assignee),
                5 => new TicketAssigned(life.Id, person, person, [], "", life.Assignee, life.Status is not Status.Completed),
                6 => new TicketPrioritised(life.Id, person, Priority.Words.ElementAt(random.Next(4))),
                7 => new TicketEdited(life.Id, person, null, null, Words[random.Next(Words.Length)]),
                8 => new TicketSkillsRecorded(life.Id, [.. Skills.Where(_ => random.Next(2) == 0)], person),
                9 => new TicketDeadlineMoved(life.Id, person, random.Next(3) == 0 ? null : app.Clock.Stopped + TimeSpan.FromHours(random.Next(1, 900))),
                10 => new TicketReplied(life.Id, Guid.NewGuid(), person, "m"),
                11 => new TicketDeleted(life.Id, person, worker),
                12 => new TicketMerged(life.Id, Guid.NewGuid(), person, "", worker),
                13 => new TicketTriaged(life.Id, "m", [P(ProposalField.Priority, "high"), P(ProposalField.Category, "Doors"), P(ProposalField.Skills, "Locks")]),
                14 => new TicketTriageUndone(life.Id, person, "medium", [], "", "", "Printers"),
                _ => null,
            };
            if (happened is null)
            {
                life = new Life(Guid.CreateVersion7());
                lives.Add(life);
                await Start<Ticket>(life.Id, new TicketCreated(life.Id, Number(), Guid.NewGuid(), "t", "d", Words[random.Next(Words.Length)], IsTriaged: random.Next(5) > 0));
                continue;
            }

            await Append<Ticket>(life!.Id, happened);
            switch (happened)
            {
                case TicketStatusChanged e: life.Status = e.To; break;
                case TicketAssigned e: life.Assignee = e.AssigneeId; break;
                case TicketDeleted or TicketRestored: life.IsDeleted = !life.IsDeleted; break;
                case TicketMerged or TicketUnmerged: life.IsMerged = !life.IsMerged; break;
            }
        }

        return lives;
    }

    // What a person would have counted at that time, over the tickets as they are then.
    private async Task<(int Open, int Total, double Median)> Counted()
    {
        var there = (await All<Ticket>()).Where(t => t.DeletedAt is null).ToArray();
        var resolved = there.Where(t => t.TriageRound > 0).Select(t => (t.CreatedAt, At: t.MergedInto is null ? t.CompletedAt : t.BeforeMerge!.At)).Where(t => t.At is not null)
            .Select(t => (t.At - t.CreatedAt)!.Value.TotalSeconds).Order().ToArray();
        return (there.Count(t => t.IsOpen), there.Length, resolved[(resolved.Length + 1) / 2 - 1]);
    }

    private static TicketProposal P(string field, string value) => new(field, [value], 0.9, "r", [], true);

    private static int Number() => Random.Shared.Next(1_000_000, int.MaxValue);

    private static string Text(DateTimeOffset day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private async Task Start<T>(Guid id, params object[] events) where T : class
    {
        await using var session = Store.LightweightSession();
        session.Events.StartStream<T>(id, events);
        await session.SaveChangesAsync(Ct);
    }

    private async Task<IReadOnlyList<T>> All<T>() where T : class
    {
        await using var session = Store.QuerySession();
        return await session.Query<T>().ToListAsync(Ct);
    }

    private Task Settled() => Store.WaitForNonStaleProjectionDataAsync(Patience.Long);

    private async Task<JsonNode> Dashboard(Caller admin, string query = "")
    {
        var answer = await Call(admin, "GET", $"/api/admin/dashboard{query}");
        answer.Status.ShouldBe(200, answer.Json?.ToJsonString());
        return answer.Body;
    }

    private static IEnumerable<(string Key, int Count, int Open)> Counts(JsonNode list) => list.AsArray().Select(c => ((string)c!["key"]!, (int)c["count"]!, (int)c["open"]!));
}
