using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace TicMate.Identity.Links;

/// <summary>
/// Pages for the links in mails where no web client is named. They are the same for every link: the script reads the token from the
/// address, takes it out of the address bar, and uses it up only when the person presses the button.
/// </summary>
public static class LinkPages
{
    public const string VerifyPath = "/auth/verify-email", ResetPath = "/auth/reset-password";

    private const string Style = """
        :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
        body { max-width: 26rem; margin: 12vh auto; padding: 0 1rem }
        h1 { font-size: 1.4rem }
        label { display: block; margin: 1rem 0 }
        input, button { display: block; width: 100%; box-sizing: border-box; font: inherit; padding: .6rem; margin-top: .3rem; border-radius: .4rem; border: 1px solid #8888 }
        button { background: #0b57d0; color: #fff; border: 0; cursor: pointer; margin-top: 1rem }
        button:disabled { opacity: .6; cursor: default }
        [role=status] { min-height: 1.5em; white-space: pre-line }
        """;

    private const string Script = """
        const form = document.querySelector("form"), button = form.querySelector("button"), status = document.querySelector("[role=status]");
        const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? new URLSearchParams(location.search).get("token") ?? "";
        history.replaceState(null, "", location.pathname);
        form.addEventListener("submit", async event => {
          event.preventDefault();
          button.disabled = true;
          status.textContent = "One moment …";
          try {
            const body = { ...Object.fromEntries(new FormData(form)), token };
            const answer = await fetch(form.dataset.api, {
              method: "POST", credentials: "omit", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
            const { message, code } = await answer.json();
            status.textContent = message;
            if (answer.ok || code === "invalid-token") form.remove(); else button.disabled = false;
          } catch {
            status.textContent = "The service cannot be reached. Try again in a moment.";
            button.disabled = false;
          }
        });
        """;

    private static readonly string Policy =
        $"default-src 'none'; script-src '{Hash(Script)}'; style-src '{Hash(Style)}'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly string VerifyPage = Page("Confirm your e-mail address", "/api/auth/verify-email", """
        <p>Press the button, and your address is confirmed.</p>
        <form data-api="{api}"><button>Confirm</button></form>
        """);

    private static readonly string ResetPage = Page("Choose a password", "/api/auth/reset-password", """
        <p>At least 8 characters, with an upper-case and a lower-case letter, a digit and a symbol.</p>
        <form data-api="{api}"><label>New password<input name="newPassword" type="password" autocomplete="new-password" required autofocus></label>
        <button>Save</button></form>
        """);

    public static IEndpointRouteBuilder MapLinkPages(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(VerifyPath, (HttpContext http) => Show(http, VerifyPage)).AllowAnonymous().ExcludeFromDescription();
        routes.MapGet(ResetPath, (HttpContext http) => Show(http, ResetPage)).AllowAnonymous().ExcludeFromDescription();
        return routes;
    }

    private static IResult Show(HttpContext http, string page)
    {
        http.Response.Headers.ContentSecurityPolicy = Policy;
        return Results.Text(page, "text/html; charset=utf-8");
    }

    private static string Page(string title, string api, string content) => $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
        <title>{title} – TICMaTe</title><style>{Style}</style>
        </head>
        <body><main><h1>{title}</h1>{content.Replace("{api}", api, StringComparison.Ordinal)}
        <p role="status" aria-live="polite"></p><noscript>This page needs JavaScript.</noscript></main>
        <script>{Script}</script>
        </body>
        </html>
        """;

    private static string Hash(string inline) => $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(inline)))}";
}
