using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;
using TicMate.Identity.Sessions;

namespace TicMate.Host;

/// <summary>What browsers are told about every answer, and which other sites' pages may call with a person's cookie.</summary>
public static class BrowserSafety
{
    public static IApplicationBuilder UseSafeHeaders(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        http.Response.OnStarting(() =>
        {
            var headers = http.Response.Headers;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            headers["Cross-Origin-Resource-Policy"] = "same-site";
            headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
            headers.CacheControl = headers.CacheControl.Count > 0 ? headers.CacheControl : "no-store";
            headers.ContentSecurityPolicy = headers.ContentSecurityPolicy.Count > 0 ? headers.ContentSecurityPolicy : PolicyFor(http.Request.Path);
            if (http.Request.IsHttps)
                headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";

            return Task.CompletedTask;
        });
        return next(http);
    });

    /// <summary>Refuses a change that a foreign page made the browser send: the cookie goes along by itself, the <c>Origin</c> tells.</summary>
    public static IApplicationBuilder UseOriginCheck(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        var request = http.Request;
        var isSafe = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method);
        var reliesOnCookie = SessionAuthentication.IsByCookie(http) || (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText == "/api/auth/login";
        var allowed = http.RequestServices.GetRequiredService<IOptions<SignInOptions>>().Value.AllowedOrigins;

        if (isSafe || !reliesOnCookie || !IsForeign(request, allowed))
        {
            await next(http);
            return;
        }

        http.Response.StatusCode = 403;
        await http.RequestServices.GetRequiredService<IProblemDetailsService>().WriteAsync(new ProblemDetailsContext
        {
            HttpContext = http, ProblemDetails = Refuse.With(403, "foreign-origin", "Pages of this origin may not change anything here."),
        });
    });

    private static bool IsForeign(HttpRequest request, string[] allowed)
    {
        if (request.Headers.Origin is { Count: > 0 } origin)
            return !(origin.Count == 1 && (origin[0] == $"{request.Scheme}://{request.Host}" || allowed.Contains(origin[0], StringComparer.Ordinal)));

        return request.Headers["Sec-Fetch-Site"] is { Count: > 0 } site && site[0] is not ("same-origin" or "none");
    }

    private static string PolicyFor(PathString path) => path.StartsWithSegments("/docs", StringComparison.Ordinal)
        ? "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
        : "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";
}
