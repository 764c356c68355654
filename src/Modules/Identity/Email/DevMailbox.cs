using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Routing;

namespace TicMate.Identity.Email;

/// <summary>The folder's mails in a browser, and as JSON for scripts.</summary>
public static class DevMailbox
{
    private const int PageSize = 50;
    private const int LastPage = FolderMailbox.Capacity / PageSize;

    /// <summary>
    /// Maps <c>/dev/mail</c>, <c>/dev/mail/{id}</c>, <c>/dev/mail/{id}.eml</c> and <c>/dev/mail.json</c>. Call it in Development only: the
    /// mails hold one-time links, and the pages ask for no login. To guard against a mistake here they answer 404 to other machines.
    /// </summary>
    public static IEndpointRouteBuilder MapDevMailbox(this IEndpointRouteBuilder routes)
    {
        var pages = routes.MapGroup("/dev").AllowAnonymous().ExcludeFromDescription().AddEndpointFilter(OnlyFromHereAsync);
        pages.MapGet("/mail", (FolderMailbox mailbox, int page = 1) => page is < 1 or > LastPage
            ? Results.NotFound()
            : Page(MailboxPages.List(List(mailbox, page), page, more: page < LastPage && mailbox.List(page * PageSize, 1).Count > 0)));
        pages.MapGet("/mail.json", (FolderMailbox mailbox, int page = 1) => page is < 1 or > LastPage
            ? Results.NotFound()
            : Results.Json(List(mailbox, page)));
        pages.MapGet("/mail/{id}", (string id, FolderMailbox mailbox) => mailbox.Find(id) is { } mail
            ? Page(MailboxPages.One(mail))
            : Results.NotFound());
        pages.MapGet("/mail/{id}.eml", (string id, FolderMailbox mailbox) => mailbox.Raw(id) is { } file
            ? Results.File(file, "message/rfc822", $"{id}.eml")
            : Results.NotFound());
        return routes;
    }

    /// <summary>
    /// Whether both ends of a request are this machine. The name asked for counts too: a foreign page can make its own name point here.
    /// </summary>
    public static bool IsFromHere(IPAddress? caller, string host) =>
        // No address: a Unix socket or a test server in this process.
        (caller is null || IPAddress.IsLoopback(caller))
        && (host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address)));

    private static async ValueTask<object?> OnlyFromHereAsync(EndpointFilterInvocationContext call, EndpointFilterDelegate next)
    {
        var http = call.HttpContext;
        if (!IsFromHere(http.Connection.RemoteIpAddress, http.Request.Host.Host))
            return Results.NotFound();

        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy =
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        return await next(call);
    }

    private static IReadOnlyList<MailboxEntry> List(FolderMailbox mailbox, int page) => mailbox.List((page - 1) * PageSize, PageSize);

    private static IResult Page(IHtmlContent page) => Results.Text(MailboxPages.Render(page), "text/html; charset=utf-8");
}
