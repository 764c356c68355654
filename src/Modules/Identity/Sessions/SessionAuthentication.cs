using System.Security.Claims;
using Marten;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Sessions;

/// <summary>
/// Who is calling: the token comes from the <c>Authorization</c> header or the cookie and only names a session; whether that still holds,
/// and what its person may do, is looked up.
/// </summary>
public sealed class SessionAuthentication(AccessTokens tokens, SessionCookies cookies, IDocumentStore store, TimeProvider clock)
    : IConfigureNamedOptions<JwtBearerOptions>
{
    private const int LongestToken = 4_096;
    private const string ByCookie = "session by cookie";

    public void Configure(JwtBearerOptions options) => Configure(JwtBearerDefaults.AuthenticationScheme, options);

    public void Configure(string? name, JwtBearerOptions options)
    {
        options.MapInboundClaims = false;
        options.TokenValidationParameters = tokens.Rules;
        options.Events = new JwtBearerEvents { OnMessageReceived = FindToken, OnTokenValidated = FindSessionAsync, OnChallenge = Challenge };
    }

    /// <summary>Whether the caller is known by the cookie alone, which another site's page could have made the browser send.</summary>
    public static bool IsByCookie(HttpContext http) => http.Items.ContainsKey(ByCookie);

    private static Task FindToken(MessageReceivedContext context)
    {
        var request = context.Request;
        if (request.Headers.Authorization is { Count: > 0 } header)
        {
            if (header.Count > 1 || header[0] is not { } value || !value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) || value.Length > LongestToken)
                context.Fail("One bearer token is needed.");
            else
                context.Token = value["Bearer ".Length..].Trim();
        }
        else if (request.Cookies.TryGetValue(SessionCookies.Token, out var cookie))
        {
            if (cookie.Length > LongestToken || request.Headers.Cookie.Sum(line => line!.Split(';').Count(c => c.TrimStart().StartsWith("token=", StringComparison.Ordinal))) > 1)
                context.Fail("One session cookie is needed.");
            else
                context.Token = cookie;

            context.HttpContext.Items[ByCookie] = true;
        }
        else
        {
            context.NoResult();
        }

        return Task.CompletedTask;
    }

    private async Task FindSessionAsync(TokenValidatedContext context)
    {
        var token = (JsonWebToken)context.SecurityToken;
        if (!Guid.TryParse(token.Subject, out var userId) || !Guid.TryParse(token.GetPayloadValue<string>(SessionClaims.SessionId), out var sessionId)
            || await FindAsync(userId, sessionId, context.HttpContext.RequestAborted) is not { } user)
        {
            context.Fail("The session is over.");
            return;
        }

        context.Principal = new ClaimsPrincipal(new ClaimsIdentity(
            [
                new(SessionClaims.UserId, userId.ToString()), new(SessionClaims.SessionId, sessionId.ToString()), new(SessionClaims.Role, user.Role),
                new(ClaimTypes.Name, userId.ToString()),
            ],
            JwtBearerDefaults.AuthenticationScheme, ClaimTypes.Name, SessionClaims.Role));

        // A browser session in use stays alive: from half of a token's life on, the next answer carries a fresh one.
        if (IsByCookie(context.HttpContext) && clock.GetUtcNow() > token.IssuedAt + AccessTokens.Lifetime(user.Role) / 2)
            cookies.Set(context.HttpContext, tokens.Issue(userId, sessionId, user.Role), user.Role);
    }

    private async Task<User?> FindAsync(Guid userId, Guid sessionId, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        var batch = session.CreateBatchQuery();
        var loadingSession = batch.Load<Session>(sessionId);
        var loadingUser = batch.Load<User>(userId);
        await batch.Execute(ct);

        var found = await loadingSession;
        return found is not null && found.UserId == userId && !found.IsOver(clock.GetUtcNow()) && await loadingUser is { IsActive: true } user ? user : null;
    }

    // Every failure looks the same; RFC 6750, section 3, for the header. The body comes from the host, as for every error.
    private static Task Challenge(JwtBearerChallengeContext context)
    {
        context.HandleResponse();
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = context.AuthenticateFailure is null ? "Bearer" : "Bearer error=\"invalid_token\"";
        return Task.CompletedTask;
    }
}

/// <summary>The caller, from the claims that <see cref="SessionAuthentication"/> left.</summary>
public static class SessionUser
{
    public static CurrentUser Of(ClaimsPrincipal caller) => new(
        Guid.Parse(caller.FindFirstValue(SessionClaims.UserId)!), caller.FindFirstValue(SessionClaims.Role)!, Guid.Parse(caller.FindFirstValue(SessionClaims.SessionId)!));
}
