using System.Globalization;
using System.Text.Json;
using CsvHelper;
using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;

namespace TicMate.Admin.Audit;

public static class ExportAuditEndpoint
{
    public static (AuditQuery, ProblemDetails) Validate(HttpContext http) => AuditQuery.Read(http.Request.Query, AuditQuery.ExportParameters);

    /// <summary>The entries of the audit as one table or one JSON object a line. They are read page by page while they are sent.</summary>
    [Authorize(Roles = Roles.Admin), RecordsRead("audit-export", EveryTime = true), WolverineGet("/api/admin/audit/export")]
    [ProducesResponseType(typeof(string), 200, "text/csv", "application/x-ndjson"), ProducesResponseType<ProblemDetails>(400)]
    public static IResult Get(AuditQuery query, AuditReader reader, IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions> json) =>
        new AuditExport(query with { Limit = AuditExport.PageSize }, reader, json.Value.SerializerOptions);
}

public sealed record AuditExport(AuditQuery Query, AuditReader Reader, JsonSerializerOptions Json) : IResult
{
    public const int PageSize = 500;

    public static readonly string[] Header =
    [
        "seq", "eventId", "at", "action", "subjectKind", "subjectId", "actorKind", "actorId", "actorName", "apiKeyId", "causationId", "correlationId", "clientAddress", "redacted", "changes",
    ];

    public async Task ExecuteAsync(HttpContext http)
    {
        // What is wrong so far is still an ordinary error. Later the connection breaks, so that nobody takes a part for the whole.
        var ct = http.RequestAborted;
        var (entries, next) = await Reader.PageAsync(Query, ct);
        var isTable = Query.Format is "csv";
        http.Response.ContentType = isTable ? "text/csv; charset=utf-8" : "application/x-ndjson; charset=utf-8";
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"audit.{Query.Format}\"";

        // The record of this export comes before its first byte.
        await http.Response.StartAsync(ct);
        if (isTable)
            await WriteAsync(http, [Header], ct);

        while (true)
        {
            if (isTable)
                await WriteAsync(http, entries.Select(Cells), ct);
            else
                foreach (var entry in entries)
                {
                    await JsonSerializer.SerializeAsync(http.Response.Body, entry, Json, ct);
                    await http.Response.Body.WriteAsync("\n"u8.ToArray(), ct);
                }

            await http.Response.Body.FlushAsync(ct);
            if (next is null)
                return;

            (entries, next) = await Reader.PageAsync(Query with { After = next }, ct);
        }
    }

    // Where a spreadsheet takes a semicolon or a tab for the separator, an unquoted one would begin a cell of its own.
    private static readonly CsvWriterOptions QuotedForAnySeparator = new() { ShouldQuote = (field, _, _, _) => field.IndexOfAny(';', '\t') >= 0 };

    private static async Task WriteAsync(HttpContext http, IEnumerable<string?[]> rows, CancellationToken ct)
    {
        await using var csv = CsvWriter.Create(http.Response.Body, QuotedForAnySeparator, leaveOpen: true);
        foreach (var row in rows)
        {
            foreach (var cell in row)
                csv.WriteField(Spreadsheet.Harmless(cell ?? ""));
            await csv.EndRecordAsync(ct);
        }
    }

    private string?[] Cells(AuditEntry e) =>
    [
        e.Seq.ToString(CultureInfo.InvariantCulture), e.EventId.ToString(), e.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture), e.Action,
        e.Subject.Kind, e.Subject.Id, e.Actor.Kind, e.Actor.Id, e.Actor.Name, e.Actor.ApiKeyId?.ToString(), e.CausationId, e.CorrelationId, e.ClientAddress,
        e.Redacted ? "true" : "false", JsonSerializer.Serialize(e.Changes, Json),
    ];
}
