using System.Data.Common;
using System.Globalization;
using Marten;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Options;
using Npgsql;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Reading;

namespace TicMate.Tickets.Searching;

/// <summary>One page of a list; <c>next</c> is the cursor of the page after it, null on the last.</summary>
public sealed record TicketPageAnswer(IReadOnlyList<TicketView> Tickets, string? Next) : Answer;

/// <summary>A ticket and where it stands in its list.</summary>
public sealed record TicketRow(StoredTicket Ticket, long Key, int Number);

/// <summary>A list would take too long; the host answers 503.</summary>
public sealed class TooSlowException(Exception inner) : Exception("The list takes too long.", inner);

/// <summary>Reads tickets and lists of them: one statement each, which may take only so long.</summary>
public sealed class TicketLists(IDocumentStore store, TicketReader reader, WordShares words, IOptions<TicketsOptions> options, TimeProvider clock)
{
    private readonly int seconds = (int)Math.Ceiling(options.Value.ListTimeout.TotalSeconds);

    public string Schema => store.Options.DatabaseSchemaName;

    /// <summary>How frequent words are.</summary>
    public ValueTask<WordStatistics> WordsAsync(CancellationToken ct) => words.CurrentAsync(this, ct);

    /// <summary>One ticket; null when there is none.</summary>
    public async Task<StoredTicket?> FindAsync(Guid id, CancellationToken ct)
    {
        var sql = new TicketSql(Schema);
        return (await ReadAsync(sql.As($"select t.data, t.mt_version from {sql.Tickets} t where t.id = {sql.Value(id)}"), Ticket, ct)).SingleOrDefault();
    }

    public async Task<IResult> PageAsync(TicketFilter filter, TicketReach reach, CurrentUser user, HttpContext http) =>
        await PageAsync(await RowsAsync(filter, reach, http.RequestAborted), filter, user, http);

    /// <summary>The rows of a page and, if there is one, the first of the next.</summary>
    public async Task<List<TicketRow>> RowsAsync(TicketFilter filter, TicketReach reach, CancellationToken ct)
    {
        var (now, way) = (clock.GetUtcNow(), filter.Terms is { } terms ? SearchWay.Of(terms, filter.Limit + 1, await WordsAsync(ct)) : null);
        if (TicketSql.Walk(Schema, filter, reach, now, way) is { } walk && await ReadAsync(walk, Row, ct) is var rows && rows.Count > filter.Limit)
            return rows;

        return await ReadAsync(TicketSql.Page(Schema, filter, reach, now, way), Row, ct);

        TicketRow Row(DbDataReader row) => TicketLists.Row(row, filter.Sort);
    }

    /// <summary>Answers with a <see cref="TicketPageAnswer"/>.</summary>
    public async Task<IResult> PageAsync(IReadOnlyList<TicketRow> rows, TicketFilter filter, CurrentUser user, HttpContext http)
    {
        var shown = rows.Take(filter.Limit).ToArray();
        var next = rows.Count > filter.Limit ? CursorAt(shown[^1], filter.Sort).ToString() : null;
        if (next is not null)
            http.Response.Headers.Link = LinkTo(http.Request, next);

        var write = await reader.WritingAsync([.. shown.Select(row => row.Ticket)], user, http.RequestAborted);
        return new WrittenAnswer(answer =>
        {
            answer.WriteStartArray("tickets"u8);
            write(answer);
            answer.WriteEndArray();
            answer.WriteString("next"u8, next);
        });
    }

    public ValueTask<TicketView[]> ViewsAsync(IEnumerable<TicketRow> rows, CurrentUser user, CancellationToken ct) =>
        reader.ViewsAsync([.. rows.Select(row => Read(row.Ticket))], user, TicketView.RepliesInLists, ct);

    /// <summary>The ticket in objects.</summary>
    public Ticket Read(StoredTicket ticket) =>
        store.Options.Serializer().FromJson<Ticket>(new MemoryStream(ticket.Json.ToArray())) with { Version = ticket.Version };

    public static TicketCursor CursorAt(TicketRow row, TicketSort sort) => new(sort.Name, row.Key, row.Number);

    /// <summary>Runs a statement that the database plans by its parameters.</summary>
    /// <exception cref="TooSlowException">It took longer than lists may.</exception>
    public async Task<List<T>> ReadAsync<T>(TicketSql sql, Func<DbDataReader, T> read, CancellationToken ct)
    {
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using var query = new NpgsqlCommand(sql.Text, connection) { CommandTimeout = seconds };
        query.Parameters.AddRange(sql.Parameters.ToArray());
        try
        {
            await using var rows = await query.ExecuteReaderAsync(ct);
            return await ListAsync(rows, read, ct);
        }
        catch (NpgsqlException e) when (e.InnerException is TimeoutException && connection.State is System.Data.ConnectionState.Open)
        {
            throw new TooSlowException(e);
        }
    }

    /// <summary>Runs a statement of which there are a few, and which cost more to plan than to run: each connection plans them once, whatever their parameters.</summary>
    public async Task<List<T>> ReadPlannedAsync<T>(TicketSql sql, Func<DbDataReader, T> read, TimeSpan most, CancellationToken ct)
    {
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);

        // Both in one trip, which is one transaction: the settings are for this query alone.
        var query = new NpgsqlBatchCommand(sql.Text);
        query.Parameters.AddRange(sql.Parameters.ToArray());
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new("select set_config('statement_timeout', $1, true), set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true)")
                {
                    Parameters = { new() { Value = most.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture) } },
                },
                query,
            },
        };
        await batch.PrepareAsync(ct);
        await using var rows = await batch.ExecuteReaderAsync(ct);
        await rows.NextResultAsync(ct);
        return await ListAsync(rows, read, ct);
    }

    /// <summary>Reads a row of what is listed, version, the column that the list sorts by, and number.</summary>
    public static TicketRow Row(DbDataReader row, TicketSort sort) => new(Ticket(row), sort.KeyOf(row, 2), row.GetInt32(3));

    /// <summary>Reads a row's data and version.</summary>
    public static StoredTicket Ticket(DbDataReader row) => new(row.GetFieldValue<byte[]>(0), row.GetInt32(1));

    private static async Task<List<T>> ListAsync<T>(DbDataReader rows, Func<DbDataReader, T> read, CancellationToken ct)
    {
        var found = new List<T>();
        while (await rows.ReadAsync(ct))
            found.Add(read(rows));

        return found;
    }

    // RFC 8288: the same request with another cursor.
    private static string LinkTo(HttpRequest request, string cursor)
    {
        var query = new QueryBuilder(
            request.Query.Where(parameter => parameter.Key != "cursor").Select(parameter => KeyValuePair.Create(parameter.Key, parameter.Value.ToString())))
        {
            { "cursor", cursor },
        };
        return $"<{request.PathBase.ToUriComponent()}{request.Path.ToUriComponent()}{query.ToQueryString()}>; rel=\"next\"";
    }
}
