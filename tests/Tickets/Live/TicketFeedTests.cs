using Marten;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using TicMate.Identity.Contracts;
using TicMate.Tests.Fakes;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Live;

namespace TicMate.Tests.Tickets.Live;

/// <summary>A feed that reads when it is told to, on the real database.</summary>
public sealed class TicketFeedTests(App app) : AppTest(app), IAsyncLifetime
{
    private readonly Guid owner = Guid.CreateVersion7();
    private TicketFeed feed = null!;
    private TicketListener listener = null!;
    private NpgsqlConnection connection = null!;
    private TicketLog log = null!;

    public async ValueTask InitializeAsync()
    {
        log = new TicketLog(Store);
        feed = AFeed(new LiveOptions());
        connection = Store.Storage.Database.CreateConnection();
        await connection.OpenAsync(Ct);
        listener = Join(owner);
        await ReadUntil(() => feed.Mark is not null);
        feed.GoLive(listener);
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        feed.Dispose();
        log.Dispose();
    }

    [Fact]
    public async Task An_event_is_not_told_before_one_with_a_lower_number_that_may_still_commit()
    {
        var (first, second) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await using var slow = await BeginWriting();
        await Write(slow, Created(first));
        await Create(second);

        for (var look = 0; look < 5; look++)
            await feed.ReadAsync(connection, Ct);
        Told().ShouldBeEmpty();

        await slow.Transaction.CommitAsync(Ct);
        await ReadUntil(() => Told().Count == 2);
        Told().Select(news => news.TicketId).ShouldBe([first, second]);
    }

    [Fact]
    public async Task A_number_taken_by_a_transaction_that_has_written_nothing_yet_counts_as_well()
    {
        // Such a transaction has no id: it is in no snapshot, and only its lock shows it.
        var (first, second) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await using var slow = await BeginWriting();
        var number = await slow.Scalar<long>("select nextval('ticmate.mt_events_sequence')");

        // One number in 32 is written down ahead of the others, and whoever takes that one gets an id.
        if (!await slow.Scalar<bool>("select pg_current_xact_id_if_assigned() is null"))
        {
            await slow.BeginAgain(Ct);
            number = await slow.Scalar<long>("select nextval('ticmate.mt_events_sequence')");
            (await slow.Scalar<bool>("select pg_current_xact_id_if_assigned() is null")).ShouldBeTrue();
        }

        await Create(second);
        for (var n = 0; n < 5; n++)
            await Create(Guid.CreateVersion7(), Guid.CreateVersion7());

        for (var look = 0; look < 5; look++)
            await feed.ReadAsync(connection, Ct);
        Told().ShouldBeEmpty();

        await Write(slow, Created(first), number);
        await slow.Transaction.CommitAsync(Ct);
        await ReadUntil(() => Told().Count == 2);
        Told().Select(news => (news.TicketId, news.Sequence == number)).ShouldBe([(first, true), (second, false)]);
    }

    [Fact]
    public async Task A_number_that_was_rolled_back_holds_nobody_up()
    {
        var second = Guid.CreateVersion7();
        await using (var slow = await BeginWriting())
        {
            await Write(slow, Created(Guid.CreateVersion7()));
            await Create(second);
            await feed.ReadAsync(connection, Ct);
            await feed.ReadAsync(connection, Ct);
            Told().ShouldBeEmpty();
            await slow.Transaction.RollbackAsync(Ct);
        }

        await ReadUntil(() => Told().Count == 1);
        Told().Single().TicketId.ShouldBe(second);
    }

    [Fact]
    public async Task A_stream_that_cannot_keep_up_ends_and_the_others_go_on()
    {
        var other = Join(Guid.CreateVersion7());
        feed.GoLive(other);
        var news = new TicketNews(1, "ticket_replied", Guid.CreateVersion7(), 1, 1, DateTimeOffset.UnixEpoch, null, owner, false);
        for (var n = 0; n < 5_000 && !listener.IsOver; n++)
            listener.Offer(news);

        listener.IsOver.ShouldBeTrue();
        await Create(Guid.CreateVersion7(), other.User.Id);
        await ReadUntil(() => other.Signals.TryRead(out var signal) && signal.News is not null);
    }

    [Fact]
    public void A_person_and_a_node_have_so_many_streams_and_places_are_given_back()
    {
        var small = AFeed(new LiveOptions { MaxStreams = 3, StreamsPerPerson = 2 });
        var (greedy, other) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        (TicketListener?, Microsoft.AspNetCore.Mvc.ProblemDetails) Try(Guid user) => small.Join(new CurrentUser(user, Roles.User, Guid.Empty), null);

        var first = Try(greedy).Item1.ShouldNotBeNull();
        Try(greedy).Item1.ShouldNotBeNull();
        var refused = Try(greedy).Item2;
        (refused.Status, refused.Extensions["code"]).ShouldBe((429, "too-many-streams"));
        Try(other).Item1.ShouldNotBeNull();
        var full = Try(Guid.CreateVersion7()).Item2;
        (full.Status, full.Extensions.ContainsKey(Refuse.RetryAfter)).ShouldBe((503, true));

        first.Dispose();
        Try(greedy).Item1.ShouldNotBeNull();
        small.Close();
        first.Dispose();
        Try(other).Item2.Status.ShouldBe(503);
        small.Dispose();
    }

    private TicketFeed AFeed(LiveOptions options) =>
        new(log, Store, Options.Create(options), new StoppedClock(DateTimeOffset.UtcNow), NullLogger<TicketFeed>.Instance);

    private TicketListener Join(Guid user) => feed.Join(new CurrentUser(user, Roles.User, Guid.Empty), null).Item1!;

    // The rest of the service writes as well: what it has begun, it ends.
    private async Task ReadUntil(Func<bool> isSo)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(Patience.Long);
        while (!isSo())
            await feed.ReadAsync(connection, limit.Token);
    }

    private readonly List<TicketNews> told = [];

    private List<TicketNews> Told()
    {
        while (listener.Signals.TryRead(out var signal))
            if (signal.News is { } news)
                told.Add(news);

        return told;
    }

    private TicketCreated Created(Guid id, Guid? author = null) => new(id, Random.Shared.Next(1_000_000, int.MaxValue), author ?? owner, "t", "d");

    private async Task Create(Guid id, Guid? author = null)
    {
        await using var session = Store.LightweightSession();
        session.Events.StartStream<Ticket>(id, Created(id, author));
        await session.SaveChangesAsync(Ct);
    }

    private async Task<Writing> BeginWriting()
    {
        var writer = Store.Storage.Database.CreateConnection();
        await writer.OpenAsync(Ct);
        return new Writing(writer, await writer.BeginTransactionAsync(Ct));
    }

    // As Marten does it, in a transaction that the test holds open.
    private async Task Write(Writing writing, TicketCreated created, long? number = null)
    {
        await using var session = Store.LightweightSession(Marten.Services.SessionOptions.ForTransaction(writing.Transaction));
        session.Events.StartStream<Ticket>(created.TicketId, created);
        await session.SaveChangesAsync(Ct);
        if (number is null)
            return;

        await using var move = new NpgsqlCommand($"update ticmate.mt_events set seq_id = {number} where stream_id = '{created.TicketId}'", writing.Connection, writing.Transaction);
        await move.ExecuteNonQueryAsync(Ct);
    }

    private sealed class Writing(NpgsqlConnection connection, NpgsqlTransaction transaction) : IAsyncDisposable
    {
        public NpgsqlConnection Connection => connection;
        public NpgsqlTransaction Transaction { get; private set; } = transaction;

        public async Task BeginAgain(CancellationToken ct)
        {
            await Transaction.DisposeAsync();
            Transaction = await Connection.BeginTransactionAsync(ct);
        }

        public async Task<T> Scalar<T>(string sql)
        {
            await using var command = new NpgsqlCommand(sql, Connection, Transaction);
            return (T)(await command.ExecuteScalarAsync(Ct))!;
        }

        public async ValueTask DisposeAsync()
        {
            await Transaction.DisposeAsync();
            await Connection.DisposeAsync();
        }
    }
}
