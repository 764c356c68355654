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
public sealed record TicketRow(Ticket Ticket, long Key);

/// <summary>Reads lists: one query each, which may take only so long.</summary>
public sealed class TicketLists(IDocumentStore store, TicketReader reader, IOptions<TicketsOptions> options, TimeProvider clock)
{
    private readonly TimeSpan timeout = options.Value.ListTimeout;

    public string Schema => store.Options.DatabaseSchemaName;

    public async Task<TicketPageAnswer> PageAsync(TicketFilter filter, TicketReach reach, CurrentUser user, HttpContext http) =>
        await PageAsync(await RowsAsync(filter, reach, http.RequestAborted), filter, user, http);

    /// <summary>The rows of a page and, if there is one, the first of the next.</summary>
    public Task<List<TicketRow>> RowsAsync(TicketFilter filter, TicketReach reach, CancellationToken ct) =>
        ReadAsync(TicketSql.Page(Schema, filter, reach, clock.GetUtcNow()), row => Row(row, filter.Sort), ct);

    public async Task<TicketPageAnswer> PageAsync(IReadOnlyList<TicketRow> rows, TicketFilter filter, CurrentUser user, HttpContext http)
    {
        var shown = rows.Take(filter.Limit).ToArray();
        var next = rows.Count > filter.Limit ? CursorAt(shown[^1], filter.Sort).ToString() : null;
        if (next is not null)
            http.Response.Headers.Link = LinkTo(http.Request, next);

        return new TicketPageAnswer(await ViewsAsync(shown, user, http.RequestAborted), next);
    }

    public ValueTask<TicketView[]> ViewsAsync(IEnumerable<TicketRow> rows, CurrentUser user, CancellationToken ct) =>
        reader.ViewsAsync([.. rows.Select(row => row.Ticket)], user, TicketView.RepliesInLists, ct);

    public static TicketCursor CursorAt(TicketRow row, TicketSort sort) => new(sort.Name, row.Key, row.Ticket.Number);

    /// <param name="prepare">The text is one of a few and costs more to plan than to run: each connection plans it once, whatever its parameters.</param>
    public async Task<List<T>> ReadAsync<T>(TicketSql sql, Func<DbDataReader, T> read, CancellationToken ct, TimeSpan? most = null, bool prepare = false)
    {
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);

        // Both in one trip, which is one transaction: the limit is for this query alone.
        var query = new NpgsqlBatchCommand(sql.Text);
        foreach (var parameter in sql.Parameters)
            query.Parameters.Add(parameter);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { new("select set_config('statement_timeout', $1, true)") { Parameters = { new() { Value = (most ?? timeout).TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture) } } }, query },
        };

        if (prepare)
        {
            batch.BatchCommands[0].CommandText = "select set_config('statement_timeout', $1, true), set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true)";
            await batch.PrepareAsync(ct);
        }

        await using var rows = await batch.ExecuteReaderAsync(ct);
        await rows.NextResultAsync(ct);
        var found = new List<T>();
        while (await rows.ReadAsync(ct))
            found.Add(read(rows));

        return found;
    }

    /// <summary>Reads a row of data, version and the column that the list sorts by.</summary>
    public TicketRow Row(DbDataReader row, TicketSort sort) =>
        new(store.Options.Serializer().FromJson<Ticket>(row, 0) with { Version = row.GetInt32(1) }, sort.KeyOf(row, 2));

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
