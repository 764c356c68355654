using System.Globalization;
using System.Text.Json.Nodes;
using ApiDescription = Microsoft.AspNetCore.Mvc.ApiExplorer.ApiDescription;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.OpenApi;
using TicMate.Admin.Audit;
using TicMate.Admin.Dashboard;
using TicMate.Admin.Operations.DeadLetters;
using TicMate.Admin.Users;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Live;
using TicMate.Tickets.Quality;
using TicMate.Tickets.Searching;
using TicMate.Tickets.Triage.Costs;

namespace TicMate.Host;

/// <summary>What holds for operations of the OpenAPI document whatever their slices say: parameters that are read by hand, statuses, headers.</summary>
public static class OpenApiOperations
{
    private static readonly Dictionary<string, string[]> QueryParameters = new(
        TicketList.All.Select(list => KeyValuePair.Create(list.Route.TrimStart('/'), list.Parameters)))
    {
        ["api/tickets/{ticketId}"] = ["asOf", "version"], ["api/tickets/{ticketId}/diff"] = ["from", "to"],
        ["api/tickets/{ticketId}/history"] = ["type", "field", "actor", "since", "until", "limit", "cursor", "sort"],
        ["api/tickets/{ticketId}/similar"] = ["limit"], ["api/tickets/{ticketId}/replies"] = ["limit", "cursor"], ["api/tickets/{ticketId}/notes"] = ["limit", "cursor"],
        ["api/admin/ai/quality"] = DayRange.Parameters, ["api/admin/ai/usage"] = DayRange.Parameters,
        ["api/admin/audit"] = AuditQuery.Parameters, ["api/admin/audit/export"] = AuditQuery.ExportParameters, ["api/admin/audit/verify"] = AuditRange.Parameters,
        ["api/admin/audit/checkpoints"] = CheckpointPage.Parameters,
        ["api/admin/dead-letters"] = DeadLetterPage.Parameters, ["api/admin/dashboard"] = DashboardQuery.Parameters, ["api/admin/dashboard.html"] = DashboardQuery.Parameters,
        ["api/admin/users"] = UserFilter.Parameters,
        ["api/auth/sessions"] = ["limit", "cursor"], ["api/auth/api-keys"] = ["limit", "cursor"],
    };

    // What answers so was asked with the ETag of an earlier answer.
    private static readonly (string Status, string Header)[] Preconditions = [("304", "If-None-Match"), ("412", "If-Match")];

    public static void Complete(OpenApiOperation operation, ApiDescription description)
    {
        var (responses, route) = (operation.Responses ??= [], description.RelativePath ?? "");
        var metadata = description.ActionDescriptor.EndpointMetadata;
        if (responses.ContainsKey("201"))
            responses.Remove("200");

        // A foreign page, or an API key without the scope, is 403 wherever somebody has to sign in.
        string[] also = metadata.OfType<IAllowAnonymous>().Any() ? ["429", "503"] : ["401", "403", "429", "503"];
        foreach (var status in description.HttpMethod is "GET" ? also : [.. also, "400", "413", "415"])
            Answers(responses, status);

        // No body says the same as an empty object; what has to be in it, the faults say.
        if (operation.RequestBody is OpenApiRequestBody body)
            body.Required = false;

        if (metadata.OfType<IdempotentEndpoint>().Any())
            TakesKey(operation, responses);

        if (route == "api/tickets/events")
            Takes(operation, ParameterLocation.Header, StreamTicketEventsEndpoint.LastEventId, new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" },
                "The id of the last event that was received: the stream goes on after it. Without it, it begins now.");

        foreach (var (_, header) in Preconditions.Where(p => responses.ContainsKey(p.Status)))
            Takes(operation, ParameterLocation.Header, header, new OpenApiSchema { Type = JsonSchemaType.String }, "The ETag of an earlier answer.");

        if (description.HttpMethod is "GET" && QueryParameters.TryGetValue(route, out var names))
            foreach (var name in names)
                Takes(operation, ParameterLocation.Query, name, SchemaOf(name, route), Meaning(name, route));

        TellHeaders(responses, route);
    }

    private static void TellHeaders(OpenApiResponses responses, string route)
    {
        foreach (var (status, response) in responses)
        {
            Tells(response, "X-RateLimit-Limit", "How many requests the window allows; absent where nothing is limited.", JsonSchemaType.Integer);
            Tells(response, "X-RateLimit-Remaining", "How many are left of them.", JsonSchemaType.Integer);
            Tells(response, "X-RateLimit-Reset", "When the window begins anew, in seconds since 1970.", JsonSchemaType.Integer);
            if (status is "429" or "503")
                Tells(response, "Retry-After", "In how many seconds to come back.", JsonSchemaType.Integer);
            if (status is "201")
                Tells(response, "Location", "Where what was made is to be found.", JsonSchemaType.String);
            if (status is "200" or "201" or "202" or "304" && Preconditions.Any(p => responses.ContainsKey(p.Status)))
                Tells(response, "ETag", "The version of the ticket, in quotes.", JsonSchemaType.String);
            if (status is "200" && TicketList.All.Any(list => list.Route == $"/{route}" && list.Parameters.Contains("cursor")))
                Tells(response, "Link", "The address of the next page, if there is one: <...>; rel=\"next\" (RFC 8288).", JsonSchemaType.String);
            if (status is "200" && route == TicketList.Export.Route.TrimStart('/'))
                Tells(response, "Content-Disposition", "The name of the file.", JsonSchemaType.String);
        }
    }

    private static OpenApiSchema SchemaOf(string name, string route) => name switch
    {
        "limit" when route.EndsWith("/similar", StringComparison.Ordinal) => new() { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "20", Default = 5 },
        "limit" when route == "api/admin/audit/verify" => new() { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = $"{AuditRange.Most}", Default = AuditRange.Most },
        "limit" => new() { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "100", Default = 25 },
        "version" => new() { Type = JsonSchemaType.Integer, Minimum = "1" },
        "from" when route == "api/admin/audit/verify" => new() { Type = JsonSchemaType.Integer, Format = "int64", Minimum = "1", Default = 1 },
        "format" => Words(["csv", "ndjson"]),
        "from" or "to" when route.StartsWith("api/tickets/", StringComparison.Ordinal) => new() { Type = JsonSchemaType.Integer, Minimum = "1" },
        "from" or "to" when route == "api/admin/dead-letters" => new() { Type = JsonSchemaType.String, Format = "date-time" },
        "asOf" when route is "api/admin/dashboard" or "api/admin/dashboard.html" => new() { Type = JsonSchemaType.String, Format = "date" },
        "asOf" or "since" or "until" => new() { Type = JsonSchemaType.String, Format = "date-time" },
        "sort" => Words(TicketList.All.FirstOrDefault(list => list.Route == $"/{route}")?.Sorts.Select(sort => sort.Name) ?? ["seq", "-seq"]),
        "groupBy" => Words(route == "api/admin/ai/usage" ? UsageQuery.Groupings : QualityQuery.Groupings),
        "scope" => Words(["all"]),
        "overdue" or "deleted" or "active" or "verified" => Words(["true", "false"]),
        "q" => new() { Type = JsonSchemaType.String, MinLength = 1, MaxLength = 200 },
        _ => new() { Type = JsonSchemaType.String },
    };

    private static OpenApiSchema Words(IEnumerable<string> words) =>
        new() { Type = JsonSchemaType.String, Enum = [.. words.Select(word => (JsonNode)word)] };

    private static string Meaning(string name, string route) => name switch
    {
        "subject" => "The id of the ticket, the person or the stream that it is about.",
        "address" => "The address of the client; older entries know its network only.",
        "format" => "A table, or one JSON object a line.",
        "asOf" when route is "api/admin/dashboard" or "api/admin/dashboard.html" => "The numbers as they stood at the end of this UTC day.",
        "from" or "to" when route is "api/admin/dashboard" or "api/admin/dashboard.html" => "The first or the last day of the zone, or a time with an offset.",
        "tz" => "The name of a time zone: whose days are told.",
        "q" when route == "api/admin/users" => "A part of the name or of the address.",
        "role" => "user, moderator or admin; a comma means or.",
        "active" or "verified" => "Only accounts that are, or only those that are not.",
        "limit" => "How many there are on a page.",
        "cursor" => "The next of the page before.",
        "sort" => "The order; a minus turns it round.",
        "q" => "Words to look for in title, description and replies; all of them must be there.",
        "status" => $"One of {string.Join(", ", Status.Words.Order(StringComparer.Ordinal))}; a comma means or.",
        "priority" => $"One of {string.Join(", ", Priority.Words.Order(StringComparer.Ordinal))}; a comma means or.",
        "assignedTo" => "me, none or a person's id; a comma means or.",
        "createdBy" => "A person's id; a comma means or.",
        "createdAfter" or "createdBefore" => "A date, which means the end of that day in UTC, or a time with an offset.",
        "number" => "A ticket's number; a comma means or.",
        "scope" => "all: everybody's tickets, for staff.",
        "deleted" => "Only deleted tickets, or none of them; for admins.",
        "actor" => "person, ai, system, api-key, or an id; a comma means or.",
        "asOf" => "The ticket as it stood then.",
        "version" => "The ticket as it stood at this version.",
        "messageType" or "exceptionType" => "The full name of a type.",
        _ => "A comma means or.",
    };

    private static void TakesKey(OpenApiOperation operation, OpenApiResponses responses)
    {
        Takes(operation, ParameterLocation.Header, Idempotency.KeyHeader,
            new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = Idempotency.LongestKey, Pattern = "^[!-~]+$" },
            "Names the request: sent again within 24 hours it is not done again, but answered as the first time.");
        foreach (var status in new[] { "409", "422" })
            Answers(responses, status);
        foreach (var done in responses.Where(r => r.Key[0] == '2'))
            Tells(done.Value, Idempotency.ReplayedHeader, "true when this is the answer of an earlier request with the same key.", JsonSchemaType.Boolean);
    }

    private static void Answers(OpenApiResponses responses, string status) =>
        responses.TryAdd(status, new OpenApiResponse { Description = ReasonPhrases.GetReasonPhrase(int.Parse(status, CultureInfo.InvariantCulture)) });

    private static void Takes(OpenApiOperation operation, ParameterLocation where, string name, OpenApiSchema schema, string meaning) =>
        (operation.Parameters ??= []).Add(new OpenApiParameter { Name = name, In = where, Schema = schema, Description = meaning });

    private static void Tells(IOpenApiResponse response, string header, string meaning, JsonSchemaType type)
    {
        if (response is OpenApiResponse answer)
            (answer.Headers ??= new Dictionary<string, IOpenApiHeader>())[header] = new OpenApiHeader { Description = meaning, Schema = new OpenApiSchema { Type = type } };
    }
}
