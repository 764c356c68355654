using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using Marten.Events;
using Npgsql;
using NpgsqlTypes;
using TicMate.Admin.Dashboard;
using TicMate.Identity.Contracts;
using TicMate.Tickets;

namespace TicMate.Bench.Fill;

/// <summary>Stores streams as the service would have, had they come one by one: the events in the order of their times, and the read models.</summary>
public sealed class Storing(DocumentStore store, NpgsqlDataSource database, Dictionary<TicketForm, AdviceForm> advice, CancellationToken ct)
{
    private const int PerTransaction = 20_000;

    private readonly string schema = store.Options.DatabaseSchemaName;
    private readonly AdviceSums sums = new();
    private readonly DashboardTables tables = new(store.Options.DatabaseSchemaName);

    /// <summary>The number of the last event that was there.</summary>
    public long Before { get; private set; }

    /// <summary>The number of the last event.</summary>
    public long Last { get; private set; }

    public async Task RunAsync(IEnumerable<StreamCopy> streams)
    {
        await using (var session = store.QuerySession())
            Before = Last = (await session.QueryAsync<long>($"select coalesce(max(seq_id), 0) from {schema}.mt_events", ct))[0];

        var dashboard = new DashboardProjection(schema);
        var (ofTickets, ofUsers) = (new Documents<Ticket>(store, database, ticket => ticket.Id, ticket => ticket.Version), new Documents<User>(store, database, user => user.Id, user => user.Version));
        var tickets = new Pump<(Ticket, DateTimeOffset)>(1000, batch => ofTickets.WriteAsync(batch, ct));
        var users = new Pump<(User, DateTimeOffset)>(1000, batch => ofUsers.WriteAsync(batch, ct));
        var headers = new Pump<StreamCopy>(2000, WriteStreamsAsync);
        var clients = new Pump<IEvent>(5000, WriteClientsAsync);
        var rows = new Pump<(string Table, string Row)>(10_000, WriteAdviceAsync);
        var counted = new Pump<IEvent>(20_000, batch => ProjectAsync(dashboard, batch));

        // Not in one transaction: as long as it ran, PostgreSQL would keep every version of the dashboard's rows, and walk past them all.
        await using (var events = InOrderAsync(streams, Opened, Stored, Closed, ct).GetAsyncEnumerator(ct))
            for (var next = new Part(events, PerTransaction); next.HasMore;)
                await store.BulkInsertEventStreamAsync("*DEFAULT*", [], next.TakeAsync(), BulkEventSequenceMode.PreserveSourceSequence, PerTransaction, ct);
        await Task.WhenAll(tickets.CompleteAsync(ct), users.CompleteAsync(ct), headers.CompleteAsync(ct), clients.CompleteAsync(ct), rows.CompleteAsync(ct), counted.CompleteAsync(ct));
        await sums.WriteAsync(database, ct);

        async ValueTask Opened(StreamCopy stream)
        {
            await using var session = store.QuerySession();
            if (stream.Type == typeof(Ticket))
                await tickets.AddAsync((await AggregateAsync<Ticket>(stream, session), stream.Events[^1].Timestamp), ct);
            else
                await users.AddAsync((await AggregateAsync<User>(stream, session), stream.Events[^1].Timestamp), ct);
            await headers.AddAsync(stream, ct);
        }

        async ValueTask Stored(IEvent e, bool isLocated)
        {
            e.Sequence = ++Last;
            await counted.AddAsync(e, ct);
            if (isLocated)
                await clients.AddAsync(e, ct);
        }

        async ValueTask Closed(StreamCopy stream)
        {
            if (stream.Form is { } form)
                foreach (var row in advice[form].Fill(stream, sums))
                    await rows.AddAsync(row, ct);
        }
    }

    // Only those that have begun and not ended are in memory.
    private static async IAsyncEnumerable<IEvent> InOrderAsync(
        IEnumerable<StreamCopy> streams, Func<StreamCopy, ValueTask> opened, Func<IEvent, bool, ValueTask> stored, Func<StreamCopy, ValueTask> closed,
        [EnumeratorCancellation] CancellationToken ct)
    {
        var begun = new PriorityQueue<(StreamCopy Stream, int Next), long>();
        using var coming = streams.GetEnumerator();
        var isMore = coming.MoveNext();
        while (isMore || begun.Count > 0)
        {
            ct.ThrowIfCancellationRequested();
            while (isMore && (!begun.TryPeek(out _, out var next) || coming.Current.Events[0].Timestamp.Ticks <= next))
            {
                await opened(coming.Current);
                begun.Enqueue((coming.Current, 0), coming.Current.Events[0].Timestamp.Ticks);
                isMore = coming.MoveNext();
            }

            var (stream, at) = begun.Dequeue();
            var e = stream.Events[at];
            await stored(e, stream.Located[at]);
            yield return e;
            if (at + 1 < stream.Events.Count)
                begun.Enqueue((stream, at + 1), stream.Events[at + 1].Timestamp.Ticks);
            else
                await closed(stream);
        }
    }

    private async ValueTask<T> AggregateAsync<T>(StreamCopy stream, IQuerySession session) where T : class =>
        (await store.Options.Projections.AggregatorFor<T>().BuildAsync(stream.Events, session, default, ct))!;

    private async Task ProjectAsync(IJasperFxProjection<IDocumentOperations> projection, IReadOnlyList<IEvent> events)
    {
        await using var session = store.LightweightSession();

        // The tables were empty a moment ago. Not knowing better, PostgreSQL would read them whole for a few rows each.
        session.QueueSqlCommand("set local plan_cache_mode to force_custom_plan");
        foreach (var way in new[] { "hashjoin", "mergejoin", "material", "bitmapscan" })
            session.QueueSqlCommand($"set local enable_{way} to off");
        await projection.ApplyAsync(session, events, ct);
        await session.SaveChangesAsync(ct);
        await database.ExecuteAsync($"vacuum (analyze) {tables.Stock}", ct);
        await database.ExecuteAsync($"analyze {tables.Flow}", ct);
    }

    private async Task WriteStreamsAsync(IReadOnlyList<StreamCopy> streams)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var copy = await connection.BeginBinaryImportAsync($"copy {schema}.mt_streams (id, type, version, timestamp, created, is_archived) from stdin (format binary)", ct);
        foreach (var stream in streams)
        {
            await copy.StartRowAsync(ct);
            await copy.WriteAsync(stream.Id, NpgsqlDbType.Uuid, ct);
            await copy.WriteAsync(((IEventRegistry)store.Options.Events).AggregateAliasFor(stream.Type), NpgsqlDbType.Varchar, ct);
            await copy.WriteAsync((long)stream.Events.Count, NpgsqlDbType.Bigint, ct);
            await copy.WriteAsync(stream.Events[^1].Timestamp, NpgsqlDbType.TimestampTz, ct);
            await copy.WriteAsync(stream.Events[0].Timestamp, NpgsqlDbType.TimestampTz, ct);
            await copy.WriteAsync(false, NpgsqlDbType.Boolean, ct);
        }

        await copy.CompleteAsync(ct);
    }

    private async Task WriteClientsAsync(IReadOnlyList<IEvent> events)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var copy = await connection.BeginTextImportAsync($"copy {schema}.event_clients (event_id, address, at) from stdin", ct);
        var text = new StringBuilder();
        foreach (var e in events)
            text.Append(CultureInfo.InvariantCulture, $"{e.Id}\t192.0.2.{e.StreamId.GetHashCode() & 127}\t{e.Timestamp:O}\n");
        await copy.WriteAsync(text, ct);
    }

    private async Task WriteAdviceAsync(IReadOnlyList<(string Table, string Row)> rows)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        foreach (var table in rows.GroupBy(row => row.Table))
        {
            await using var copy = await connection.BeginTextImportAsync($"copy {table.Key} from stdin", ct);
            var text = new StringBuilder();
            foreach (var (_, row) in table)
                text.Append(row).Append('\n');
            await copy.WriteAsync(text, ct);
        }
    }

    /// <summary>Some of a sequence at a time.</summary>
    private sealed class Part(IAsyncEnumerator<IEvent> all, int size)
    {
        public bool HasMore { get; private set; } = true;

        public async IAsyncEnumerable<IEvent> TakeAsync()
        {
            for (var taken = 0; taken < size; taken++)
                if (HasMore = await all.MoveNextAsync())
                    yield return all.Current;
                else
                    yield break;
        }
    }
}
