using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using TicMate.Identity.Contracts;

namespace TicMate.Host;

/// <summary>Makes the OpenAPI document say what is on the wire where a type alone would not.</summary>
public static class ApiDescription
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

        options.AddSchemaTransformer((schema, context, _) =>
        {
            var type = context.JsonTypeInfo.Type;
            if (type == typeof(Field<string>))
                schema.Type = JsonSchemaType.String | JsonSchemaType.Null;
            else if (type == typeof(Field<string[]>))
                (schema.Type, schema.Items) = (JsonSchemaType.Array | JsonSchemaType.Null, new OpenApiSchema { Type = JsonSchemaType.String });
            else if (type == typeof(Flag))
                schema.Type = JsonSchemaType.Boolean | JsonSchemaType.Null;
            else if (type == typeof(Reference))
                (schema.Type, schema.Format) = (JsonSchemaType.String | JsonSchemaType.Null, "uuid");

            return Task.CompletedTask;
        });
    }
}
