using System.Globalization;
using System.Text.RegularExpressions;
using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using Npgsql;
using TicMate.Admin.Operations.Rebuilding;
using TicMate.Tickets.Quality;

namespace TicMate.Bench.Fill;

/// <summary>
/// What the projection of the advice's quality makes of a model, to be filled in like the model. The real projection made it, of a model whose
/// events came one a day, so that each number and time in its rows tells which event it is of.
/// </summary>
public sealed partial class AdviceForm
{
    private static readonly DateTimeOffset Origin = new(2000, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly List<(string Table, Form Row)> rows = [];
    private readonly List<(string Table, Form Row)> parts = [];
    private readonly int blanks;

    private AdviceForm(int blanks) => this.blanks = blanks;

    public static async Task<AdviceForm> OfAsync(TicketForm form, DocumentStore store, CancellationToken ct)
    {
        var schema = store.Options.DatabaseSchemaName;
        var scratch = ReadModel.ScratchOf(schema);
        var (made, live) = (new AdviceQualityTables(scratch), new AdviceQualityTables(schema));
        var projection = new AdviceQualityProjection(schema).Beside(scratch);
        await using var session = store.LightweightSession();
        session.QueueSqlCommand($"delete from {made.Proposals}");
        session.QueueSqlCommand($"delete from {made.Tickets}");
        session.QueueSqlCommand($"delete from {made.Quality}");
        session.QueueSqlCommand($"delete from {made.Assignees}");
        foreach (var e in form.Model.Events)
            (e.Sequence, e.Timestamp) = (e.Version, Origin.AddDays(e.Version));
        await ((IJasperFxProjection<IDocumentOperations>)projection).ApplyAsync(session, form.Model.Events, ct);
        await session.SaveChangesAsync(ct);

        var advice = new AdviceForm(form.Blanks.All.Count);
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using (var utc = new NpgsqlCommand("set timezone to 'UTC'", connection))
            await utc.ExecuteNonQueryAsync(ct);
        await ReadAsync(made.Proposals, live.Proposals, Tokens(), advice.rows);
        await ReadAsync(made.Tickets, live.Tickets, Tokens(), advice.rows);
        await ReadAsync(made.Quality, live.Quality, Days(), advice.parts);
        await ReadAsync(made.Assignees, live.Assignees, Days(), advice.parts);
        return advice;

        async Task ReadAsync(string from, string to, Regex tokens, List<(string, Form)> forms)
        {
            using var reader = await connection.BeginTextExportAsync($"copy {from} to stdout", ct);
            while (await reader.ReadLineAsync(ct) is { } line)
                forms.Add((to, Form.Of(line, tokens, token => advice.PlaceOf(token, form))));
        }
    }

    /// <summary>The rows of one ticket, and its parts of the sums.</summary>
    public IEnumerable<(string Table, string Row)> Fill(StreamCopy ticket, AdviceSums sums)
    {
        string[] values =
        [
            .. ticket.Values,
            .. ticket.Events.SelectMany(e => new[]
            {
                e.Sequence.ToString(CultureInfo.InvariantCulture), e.Timestamp.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), e.Timestamp.ToString("O", CultureInfo.InvariantCulture),
            }),
        ];
        foreach (var (table, part) in parts)
            sums.Add(table, part.Fill(values));
        foreach (var (table, row) in rows)
            yield return (table, row.Fill(values));
    }

    // After the values of the ticket come three of each event: its number, its day and its time.
    private int PlaceOf(Match token, TicketForm form) => token.Groups switch
    {
        var g when g["id"].Success => form.Blanks.PlaceOf(Guid.Parse(token.Value)),
        var g when g["number"].Success => blanks + 3 * (int.Parse(token.Value, CultureInfo.InvariantCulture) - 1),
        var g when g["day"].Success => blanks + 3 * (EventOf(token.Value) - 1) + 1,
        _ => blanks + 3 * (EventOf(token.Value[..10]) - 1) + 2,
    };

    private static int EventOf(string day) => DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture).DayNumber - DateOnly.FromDateTime(Origin.UtcDateTime).DayNumber;

    // The number of an event is the third column of a proposal; no other has a number between two tabs and before a day.
    [GeneratedRegex(@"(?<id>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})|(?<time>2000-\d\d-\d\d [\d:]+\+00)|(?<day>2000-\d\d-\d\d)|(?<=\t)(?<number>\d+)(?=\t2000-)", RegexOptions.ExplicitCapture)]
    private static partial Regex Tokens();

    [GeneratedRegex(@"^(?<day>2000-\d\d-\d\d)", RegexOptions.ExplicitCapture)]
    private static partial Regex Days();
}

/// <summary>Rows that add up: what is a number at their end is summed over those that agree in what is before it.</summary>
public sealed class AdviceSums
{
    private readonly Dictionary<(string Table, string Key), long[]> sums = [];

    public void Add(string table, string row)
    {
        var columns = row.Split('\t');
        var keys = Keys(table).Length;
        var key = (table, string.Join('\t', columns[..keys]));
        if (!sums.TryGetValue(key, out var sum))
            sums[key] = sum = new long[columns.Length - keys];
        for (var i = 0; i < sum.Length; i++)
            sum[i] += long.Parse(columns[keys + i], CultureInfo.InvariantCulture);
    }

    /// <summary>Adds them to what is there.</summary>
    public async Task WriteAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        foreach (var table in sums.GroupBy(sum => sum.Key.Table))
        {
            await using var connection = await database.OpenConnectionAsync(ct);
            await using (var create = new NpgsqlCommand($"create temp table added as table {table.Key} with no data", connection))
                await create.ExecuteNonQueryAsync(ct);
            await using (var copy = await connection.BeginTextImportAsync("copy added from stdin", ct))
                foreach (var ((_, key), sum) in table)
                    await copy.WriteAsync($"{key}\t{string.Join('\t', sum)}\n".AsMemory(), ct);
            var (keys, numbers) = (string.Join(", ", Keys(table.Key)), string.Join(", ", Numbers(table.Key).Select(number => $"{number} = q.{number} + excluded.{number}")));
            await using var add = new NpgsqlCommand($"insert into {table.Key} as q select * from added on conflict ({keys}) do update set {numbers}; drop table added", connection);
            await add.ExecuteNonQueryAsync(ct);
        }
    }

    private static string[] Keys(string table) => IsQuality(table) ? ["day", "field", "advisor", "skill", "bucket"] : ["day", "advisor", "skill"];

    private static string[] Numbers(string table) => IsQuality(table)
        ? ["proposed", "applied", "accepted", "edited", "rejected", "undone", "judged", "stood", "confidence"] : ["assigned", "completed", "kept"];

    private static bool IsQuality(string table) => table.EndsWith("ai_quality", StringComparison.Ordinal);
}
