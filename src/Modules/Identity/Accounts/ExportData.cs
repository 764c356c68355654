using System.Text.Json;
using System.Text.Json.Nodes;
using Marten;
using TicMate.Identity.ApiKeys;
using TicMate.Identity.Contracts;
using TicMate.Identity.Profile;
using TicMate.Identity.Sessions;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Identity.Accounts;

public static class ExportDataEndpoint
{
    /// <summary>Everything that is kept of the caller, as one JSON document.</summary>
    [WolverineGet("/api/auth/export")]
    [ProducesResponseType(typeof(object), 200, "application/json"), ProducesResponseType<ProblemDetails>(401)]
    public static (IResult, PersonalDataExported) Get(
        CurrentUser user, IDocumentStore store, IEnumerable<IPersonalDataSource> sources, [WriteModel(FromClaim = SessionClaims.UserId, LoadStyle = ModelConcurrencyStyle.Exclusive)] User account) =>
        (new Export(account.Id, store, [.. sources]), new PersonalDataExported(account.Id));

    private sealed record Export(Guid UserId, IDocumentStore Store, IPersonalDataSource[] Sources) : IResult
    {
        public async Task ExecuteAsync(HttpContext http)
        {
            var ct = http.RequestAborted;
            await using var session = Store.QuerySession();
            var answer = await UserAnswer.ReadAsync(session, UserId, null, ct);
            var sessions = await session.Query<Session>().Where(s => s.UserId == UserId).ToListAsync(ct);

            http.Response.ContentType = "application/json; charset=utf-8";
            http.Response.Headers.ContentDisposition = "attachment; filename=\"my-data.json\"";
            var json = http.RequestServices.GetRequiredService<Microsoft.Extensions.Options.IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value.SerializerOptions;
            var keys = await session.Query<ApiKey>().Where(k => k.UserId == UserId).ToListAsync(ct);
            var schema = Store.Options.DatabaseSchemaName;
            var history = await session.QueryAsync<string>(
                $"""
                select jsonb_build_object('at', e.timestamp, 'event', e.type, 'address',
                    case when split_part(coalesce(e.user_name, e.data ->> 'userId'), ' ', 1) = e.data ->> 'userId' then host(c.address) end)::text
                from {schema}.mt_events e left join {schema}.{EventClients.TableName} c on c.event_id = e.id where e.data ->> 'userId' = ? order by e.seq_id
                """, ct, UserId.ToString());
            var document = new Dictionary<string, object>
            {
                ["success"] = true, ["user"] = answer.User, ["sessions"] = sessions.Select(s => new { s.StartedAt, s.EndedAt }),
                ["apiKeys"] = keys.Select(k => new { k.Name, k.Prefix, k.Scopes, k.CreatedAt, k.ExpiresAt }), ["history"] = history.Select(line => JsonNode.Parse(line)),
            };
            foreach (var source in Sources)
                document[source.Section] = source.ReadAsync(UserId, ct);

            await JsonSerializer.SerializeAsync(http.Response.Body, document, json, ct);
        }
    }
}
