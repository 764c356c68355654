using System.Globalization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using ApiDescription = Microsoft.AspNetCore.Mvc.ApiExplorer.ApiDescription;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Live;
using TicMate.Tickets.Searching;

namespace TicMate.Host;

/// <summary>Makes the OpenAPI document say what is on the wire where a type alone would not.</summary>
public static class OpenApiDocumentRules
{
    public static void Describe(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "TICMaTe", Version = "v1",
                Description = "Tickets that find the right person. Sign in with POST /api/auth/login and send the token as a bearer token.",
            };
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                ["bearer"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT" },
            };
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("bearer", document)] = [] }];
            return Task.CompletedTask;
        });

        options.AddOperationTransformer((operation, context, _) =>
        {
            Complete(operation, context.Description);
            return Task.CompletedTask;
        });

        options.AddSchemaTransformer((schema, context, _) =>
        {
            var type = context.JsonTypeInfo.Type;
            foreach (var member in context.JsonTypeInfo.Properties.Where(p => IsLenient(p.PropertyType)))
                schema.Required?.Remove(member.Name);

            if (type == typeof(ProblemDetails))
                foreach (var (name, kind) in Extensions)
                    schema.Properties![name] = new OpenApiSchema { Type = kind };

            if (type == typeof(Field<string>))
                schema.Type = JsonSchemaType.String | JsonSchemaType.Null;
            else if (type == typeof(Field<string[]>))
                (schema.Type, schema.Items) = (JsonSchemaType.Array | JsonSchemaType.Null, new OpenApiSchema { Type = JsonSchemaType.String });
            else if (type == typeof(Number))
                schema.Type = JsonSchemaType.Integer | JsonSchemaType.Null;
            else if (type == typeof(Flag))
                schema.Type = JsonSchemaType.Boolean | JsonSchemaType.Null;
            else if (type == typeof(Reference) || type == typeof(Field<Reference>))
                (schema.Type, schema.Format) = (JsonSchemaType.String | JsonSchemaType.Null, "uuid");

            return Task.CompletedTask;
        });
    }

    // What ProblemWriter and Faults add.
    private static readonly (string, JsonSchemaType)[] Extensions =
    [
        ("code", JsonSchemaType.String), ("traceId", JsonSchemaType.String), ("success", JsonSchemaType.Boolean), ("message", JsonSchemaType.String),
        ("error", JsonSchemaType.String), ("errors", JsonSchemaType.Array),
    ];

    // What answers so was asked with the ETag of an earlier answer.
    private static readonly (string Status, string Header)[] Preconditions = [("304", "If-None-Match"), ("412", "If-Match")];

    private static readonly Dictionary<string, string[]> ListParameters = new(
        TicketList.All.Select(list => KeyValuePair.Create(list.Route.TrimStart('/'), list.Parameters)))
    {
        ["api/tickets/{ticketId}"] = ["asOf", "version"], ["api/tickets/{ticketId}/diff"] = ["from", "to"],
        ["api/tickets/{ticketId}/history"] = ["type", "field", "actor", "since", "until", "limit", "cursor", "sort"],
        ["api/tickets/{ticketId}/replies"] = ["limit", "cursor"], ["api/tickets/{ticketId}/notes"] = ["limit", "cursor"],
        ["api/admin/users"] = ["limit", "cursor"], ["api/admin/ai/usage"] = ["from", "to", "groupBy"], ["api/auth/sessions"] = ["limit", "cursor"], ["api/auth/api-keys"] = ["limit", "cursor"],
    };

    // A member whose faults are collected may be left out as far as JSON goes; what is required, the faults say.
    private static bool IsLenient(Type type) =>
        type == typeof(Flag) || type == typeof(Number) || type == typeof(Reference) || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Field<>));

    // What holds for every operation, whatever its slice says.
    private static void Complete(OpenApiOperation operation, ApiDescription description)
    {
        var responses = operation.Responses ??= [];
        var metadata = description.ActionDescriptor.EndpointMetadata;
        if (responses.ContainsKey("201"))
            responses.Remove("200");

        string[] also = metadata.OfType<IAllowAnonymous>().Any() ? ["429", "503"] : ["401", "429", "503"];
        foreach (var status in operation.RequestBody is null ? also : [.. also, "400", "413", "415"])
            responses.TryAdd(status, new OpenApiResponse { Description = ReasonPhrases.GetReasonPhrase(int.Parse(status, CultureInfo.InvariantCulture)) });

        if (metadata.OfType<IdempotentEndpoint>().Any())
            TakesKey(operation, responses);

        if (description.RelativePath == "api/tickets/events")
            (operation.Parameters ??= []).Add(new OpenApiParameter
            {
                Name = StreamTicketEventsEndpoint.LastEventId, In = ParameterLocation.Header, Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" },
                Description = "The id of the last event that was received: the stream goes on after it. Without it, it begins now.",
            });

        foreach (var (status, header) in Preconditions)
            if (responses.ContainsKey(status))
                (operation.Parameters ??= []).Add(new OpenApiParameter
                {
                    Name = header, In = ParameterLocation.Header, Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                });

        if (description.HttpMethod is not "GET")
            return;

        if (ListParameters.TryGetValue(description.RelativePath ?? "", out var names))
            foreach (var name in names)
                (operation.Parameters ??= []).Add(new OpenApiParameter
                {
                    Name = name, In = ParameterLocation.Query,
                    Schema = new OpenApiSchema
                    {
                        Type = name is "limit" or "version" || (name is "from" or "to" && description.RelativePath != "api/admin/ai/usage") ? JsonSchemaType.Integer : JsonSchemaType.String,
                    },
                });

        if (TicketList.All.Any(list => list.Route == $"/{description.RelativePath}" && list.Parameters.Contains("cursor"))
            && responses.GetValueOrDefault("200") is OpenApiResponse page)
            page.Headers = new Dictionary<string, IOpenApiHeader>
            {
                ["Link"] = new OpenApiHeader
                {
                    Description = "The address of the next page, if there is one: <...>; rel=\"next\" (RFC 8288).", Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                },
            };
    }

    private static void TakesKey(OpenApiOperation operation, OpenApiResponses responses)
    {
        (operation.Parameters ??= []).Add(new OpenApiParameter
        {
            Name = Idempotency.KeyHeader, In = ParameterLocation.Header,
            Description = "Names the request: sent again within 24 hours it is not done again, but answered as the first time.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = Idempotency.LongestKey, Pattern = "^[!-~]+$" },
        });
        foreach (var status in new[] { "409", "422" })
            responses.TryAdd(status, new OpenApiResponse { Description = ReasonPhrases.GetReasonPhrase(int.Parse(status, CultureInfo.InvariantCulture)) });

        foreach (var done in responses.Where(r => r.Key[0] == '2').Select(r => r.Value).OfType<OpenApiResponse>())
            (done.Headers ??= new Dictionary<string, IOpenApiHeader>())[Idempotency.ReplayedHeader] = new OpenApiHeader
            {
                Description = "true when this is the answer of an earlier request with the same key.", Schema = new OpenApiSchema { Type = JsonSchemaType.Boolean },
            };
    }
}
