using System.Collections.Frozen;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using TicMate.Identity.Contracts;
using TicMate.Identity.Sessions;

namespace TicMate.Identity.ApiKeys;

/// <summary>What an API key is for. It narrows what its owner may do and never widens it.</summary>
public static class ApiKeyScopes
{
    public const string ReadTickets = "tickets:read", WriteTickets = "tickets:write", ReadAdmin = "admin:read";

    public static readonly FrozenSet<string> All = FrozenSet.Create(ReadTickets, WriteTickets, ReadAdmin);

    /// <summary>The scope that a route asks for; null where no API key may go, whatever its scopes.</summary>
    public static string? For(string method, string route)
    {
        var reads = HttpMethods.IsGet(method) || HttpMethods.IsHead(method);
        return IsUnder(route, "api/tickets") ? reads ? ReadTickets : WriteTickets : IsUnder(route, "api/admin") && reads ? ReadAdmin : null;
    }

    /// <summary>Refuses a call that the key's scopes do not cover. The route is asked, not the path, which can be spelt in many ways.</summary>
    public static IApplicationBuilder UseApiKeyScopes(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        if (http.User.HasClaim(c => c.Type == SessionClaims.ApiKeyId) && http.GetEndpoint() is RouteEndpoint endpoint
            && !(For(http.Request.Method, endpoint.RoutePattern.RawText ?? "") is { } scope && http.User.HasClaim(SessionClaims.Scope, scope)))
        {
            http.Response.StatusCode = 403;
            await http.RequestServices.GetRequiredService<IProblemDetailsService>().WriteAsync(new ProblemDetailsContext
            {
                HttpContext = http, ProblemDetails = Refuse.With(403, "api-key-scope", "The scopes of this API key do not cover this request."),
            });
            return;
        }

        await next(http);
    });

    private static bool IsUnder(string route, string folder) =>
        new PathString("/" + route.TrimStart('/')).StartsWithSegments("/" + folder, StringComparison.OrdinalIgnoreCase);
}
