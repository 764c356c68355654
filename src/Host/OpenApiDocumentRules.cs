using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using TicMate.Identity.Contracts;

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
            OpenApiOperations.Complete(operation, context.Description);
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
                (schema.Type, schema.Description) = (JsonSchemaType.String | JsonSchemaType.Object | JsonSchemaType.Null, "An id (UUID), or the object that has it as _id or id.");
            else if (type == typeof(DateTimeOffset) || type == typeof(DateTimeOffset?))
                (schema.Type, schema.Format) = (type == typeof(DateTimeOffset) ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null, "date-time");

            return Task.CompletedTask;
        });
    }

    // What ProblemWriter and Faults add.
    private static readonly (string, JsonSchemaType)[] Extensions =
    [
        ("code", JsonSchemaType.String), ("traceId", JsonSchemaType.String), ("success", JsonSchemaType.Boolean), ("message", JsonSchemaType.String),
        ("error", JsonSchemaType.String), ("errors", JsonSchemaType.Array),
    ];

    // A member whose faults are collected may be left out as far as JSON goes; what is required, the faults say.
    private static bool IsLenient(Type type) =>
        type == typeof(Flag) || type == typeof(Number) || type == typeof(Reference) || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Field<>));
}
