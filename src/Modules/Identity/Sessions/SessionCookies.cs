using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Sessions;

/// <summary>The cookies of a browser session. Old clients only look whether they are there and send them back.</summary>
public sealed class SessionCookies(IOptions<SignInOptions> options)
{
    public const string Token = "token", AdminToken = "adminToken";

    public void Set(HttpContext http, string token, string role)
    {
        var cookie = Attributes(AccessTokens.Lifetime(role));
        http.Response.Cookies.Append(Token, token, cookie);
        if (role == Roles.Admin)
            http.Response.Cookies.Append(AdminToken, token, cookie);
    }

    public void Clear(HttpContext http)
    {
        http.Response.Cookies.Delete(Token, Attributes(null));
        http.Response.Cookies.Delete(AdminToken, Attributes(null));
        http.Response.Headers["Clear-Site-Data"] = "\"cookies\"";
    }

    private CookieOptions Attributes(TimeSpan? life) =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = options.Value.SecureCookies, Path = "/", MaxAge = life };
}
