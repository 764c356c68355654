using System.Data.Common;
using System.Text.Json;
using JasperFx.Events;
using Marten;
using Npgsql;
using TicMate.Admin.Operations;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;

namespace TicMate.Admin.Audit;

/// <param name="Kind">ticket, user, or stream for what is about neither.</param>
public sealed record SubjectView(string Kind, string Id);

/// <summary>One event: who did what to whom or what, when, from where, and because of which request.</summary>
/// <param name="Seq">Its number in the log.</param>
/// <param name="ClientAddress">Where the request came from; the network alone after a month; null when no request caused it, or its person is gone.</param>
/// <param name="Redacted">Words of it were erased.</param>
public sealed record AuditEntry(
    long Seq, DateTimeOffset At, string Action, SubjectView Subject, ActorView Actor, string? CausationId, string? CorrelationId, string? ClientAddress,
    IReadOnlyList<ChangeView> Changes, bool Redacted)
{
    public Guid EventId { get; init; }
}

/// <summary>Reads pages of the audit: the events in one query, and what they changed in one more for each kind of stream.</summary>
public sealed class AuditReader(IDocumentStore store, ITicketChanges tickets, IPeople people)
{
    // What an event says that is no longer the JSON of its kind. The check of the chain tells the rest.
    private static readonly ChangeView[] Unreadable = [new("event", null, "[unreadable]")];

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private static readonly HashSet<string> OfTickets = [.. AuditEvents.Types.Where(type => type.Namespace == typeof(TicketCreated).Namespace).Select(AuditEvents.AliasOf)];
    private static readonly HashSet<string> OfAccounts =
        [.. AuditEvents.Types.Where(type => type.IsAssignableTo(typeof(IAccountEvent)) && type != typeof(SignedIn)).Select(AuditEvents.AliasOf)];

    /// <summary>A page, and the cursor of the one after it.</summary>
    public async Task<(IReadOnlyList<AuditEntry> Entries, AuditCursor? Next)> PageAsync(AuditQuery query, CancellationToken ct)
    {
        var found = await RowsAsync(AuditSql.Page(store.Options.DatabaseSchemaName, query), ct);
        var rows = found.Take(query.Limit).ToArray();
        return (await EntriesAsync(rows, ct), found.Count > query.Limit ? new(rows[^1].Key, rows[^1].Seq) : null);
    }

    private async Task<IReadOnlyList<AuditEntry>> EntriesAsync(IReadOnlyList<Row> rows, CancellationToken ct)
    {
        var actors = rows.Select(row => Actor.Of(row.UserName)).ToArray();
        var names = await people.NamesAsync([.. actors.Select(actor => actor.PersonId).OfType<Guid>().Distinct()], ct);
        var changes = await ChangesAsync(rows, ct);
        return
        [
            .. rows.Zip(actors, (row, actor) => new AuditEntry(
                row.Seq, row.At, AuditEvents.ActionOf(row.Type), new(row.IsOfTicket ? "ticket" : row.IsOfUser ? "user" : "stream", row.Subject),
                ActorView.Of(actor, names, withKey: true), row.CausationId, row.CorrelationId, row.Address, changes.GetValueOrDefault(row.EventId, []), row.IsRedacted)
            {
                EventId = row.EventId,
            }),
        ];
    }

    private async Task<Dictionary<Guid, IReadOnlyList<ChangeView>>> ChangesAsync(IReadOnlyList<Row> rows, CancellationToken ct)
    {
        Dictionary<Guid, IReadOnlyList<ChangeView>> changes = [];
        var ofTickets = rows.Where(row => OfTickets.Contains(row.Type)).ToArray();
        await ReadAsync(ofTickets.Where(row => row.Subject == row.StreamId.ToString()), tickets.OfAsync);
        await ReadAsync(rows.Where(row => OfAccounts.Contains(row.Type)), OfAccountsAsync);
        await ReadAsync(rows.Where(row => !OfTickets.Contains(row.Type) && !OfAccounts.Contains(row.Type)), OfOthersAsync);
        return changes;

        // What somebody did to one event in the database must not hide the others: the streams are read one by one then.
        async Task ReadAsync(IEnumerable<Row> some, Func<IReadOnlyDictionary<Guid, long>, CancellationToken, Task<IReadOnlyDictionary<Guid, IReadOnlyList<ChangeView>>>> read)
        {
            var asked = some.ToArray();
            if (asked.Length == 0)
                return;

            try
            {
                foreach (var (id, change) in await read(Newest(asked), ct))
                    changes[id] = change;
            }
            catch (Exception e) when (IsUnreadable(e))
            {
                var streams = asked.ToLookup(row => row.StreamId);
                if (streams.Count > 1)
                    foreach (var stream in streams)
                        await ReadAsync(stream, read);
                else
                    foreach (var row in asked)
                        changes[row.EventId] = Unreadable;
            }
        }
    }

    private static bool IsUnreadable(Exception e) => e is JsonException or EventDeserializationFailureException or UnknownEventTypeException || (e.InnerException is { } inner && IsUnreadable(inner));

    private async Task<IReadOnlyDictionary<Guid, IReadOnlyList<ChangeView>>> OfAccountsAsync(IReadOnlyDictionary<Guid, long> upTo, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        Guid[] ids = [.. upTo.Keys];
        var newest = upTo.Values.Max();
        var events = await session.Events.QueryAllRawEvents().Where(e => e.StreamId.IsOneOf(ids) && e.Version <= newest).OrderBy(e => e.Sequence).ToListAsync(ct);
        return events.GroupBy(e => e.StreamId).SelectMany(AccountChanges.Of).ToDictionary(change => change.EventId, change => change.Changes);
    }

    private async Task<IReadOnlyDictionary<Guid, IReadOnlyList<ChangeView>>> OfOthersAsync(IReadOnlyDictionary<Guid, long> upTo, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        Guid[] ids = [.. upTo.Keys];
        var newest = upTo.Values.Max();
        return (await session.Events.QueryAllRawEvents().Where(e => e.StreamId.IsOneOf(ids) && e.Version <= newest).ToListAsync(ct)).ToDictionary(e => e.Id, Of);
    }

    private static IReadOnlyList<ChangeView> Of(IEvent e) => e.Data switch
    {
        PersonalDataRead read => [new("read", null, read.What), .. read.Filters.Length == 0 ? Array.Empty<ChangeView>() : [new("filters", null, read.Filters)]],
        DeadLetterReplayed replayed => [new("message", null, replayed.Id), new("messageType", null, replayed.MessageType)],
        DeadLetterDiscarded discarded => [new("message", discarded.Id, null), new("messageType", discarded.MessageType, null)],
        RebuildStarted started => [new("readModel", null, started.Name), new("acceptDifferences", null, started.AcceptDifferences)],
        RebuildEnded ended => [new("readModel", null, ended.Name), new("outcome", null, ended.Outcome), new("differences", null, ended.Differences)],
        _ => AccountChanges.Of(e.Data),
    };

    private static Dictionary<Guid, long> Newest(IEnumerable<Row> rows) => rows.GroupBy(row => row.StreamId).ToDictionary(stream => stream.Key, stream => stream.Max(row => row.Version));

    private async Task<List<Row>> RowsAsync(AuditSql sql, CancellationToken ct)
    {
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);

        // Both in one trip, which is one transaction: the limit is for this query alone.
        var page = new NpgsqlBatchCommand(sql.Text);
        foreach (var parameter in sql.Parameters)
            page.Parameters.Add(parameter);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { new("select set_config('statement_timeout', $1, true)") { Parameters = { new() { Value = $"{Longest.TotalMilliseconds:0}" } } }, page },
        };

        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        List<Row> rows = [];
        while (await reader.ReadAsync(ct))
            rows.Add(new(reader));

        return rows;
    }

    private sealed class Row(DbDataReader row)
    {
        public long Seq { get; } = row.GetInt64(0);
        public Guid EventId { get; } = row.GetGuid(1);
        public Guid StreamId { get; } = row.GetGuid(2);
        public long Version { get; } = row.GetInt64(3);
        public string Type { get; } = row.GetString(4);
        public DateTimeOffset At { get; } = row.GetFieldValue<DateTimeOffset>(5);
        public string? UserName { get; } = Text(row, 6);
        public string? CausationId { get; } = Text(row, 7);
        public string? CorrelationId { get; } = Text(row, 8);
        public string Subject { get; } = row.GetString(9);
        public bool IsOfTicket { get; } = row.GetBoolean(10);
        public bool IsOfUser { get; } = row.GetBoolean(11);
        public string? Address { get; } = Text(row, 12) is { } address ? Plain(address) : null;
        public bool IsRedacted { get; } = row.GetBoolean(13);

        /// <summary>What the list is ordered by.</summary>
        public long Key { get; } = row.GetInt64(14);

        private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

        // PostgreSQL writes a whole address as a network of one.
        private static string Plain(string address) => address.EndsWith("/32", StringComparison.Ordinal) || address.EndsWith("/128", StringComparison.Ordinal) ? address[..address.IndexOf('/')] : address;
    }
}
