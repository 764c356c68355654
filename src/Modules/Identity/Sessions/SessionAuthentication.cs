using System.Security.Claims;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using TicMate.Identity.ApiKeys;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Sessions;

/// <summary>
/// Who is calling: the token comes from the <c>Authorization</c> header or the cookie and only names a session; whether that still holds,
/// and what its person may do, is looked up.
/// </summary>
public sealed class SessionAuthentication(AccessTokens tokens, SessionCookies cookies, SessionLookup lookup, TimeProvider clock)
    : IConfigureNamedOptions<JwtBearerOptions>
{
    private const int LongestToken = 4_096;
    private const string ByCookie = "session by cookie";

    public void Configure(JwtBearerOptions options) => Configure(JwtBearerDefaults.AuthenticationScheme, options);

    public void Configure(string? name, JwtBearerOptions options)
    {
        options.MapInboundClaims = false;
        options.TokenValidationParameters = tokens.Rules;
        options.Events = new JwtBearerEvents { OnMessageReceived = FindTokenAsync, OnTokenValidated = FindSessionAsync, OnChallenge = Challenge };
    }

    /// <summary>Whether the caller is known by the cookie alone, which another site's page could have made the browser send.</summary>
    public static bool IsByCookie(HttpContext http) => http.Items.ContainsKey(ByCookie);

    private async Task FindTokenAsync(MessageReceivedContext context)
    {
        var request = context.Request;
        if (request.Headers.Authorization is { Count: > 0 } header)
        {
            if (header.Count > 1 || header[0] is not { } value || !value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) || value.Length > LongestToken)
                context.Fail("One bearer token is needed.");
            else if (value["Bearer ".Length..].Trim() is var token && token.StartsWith(ApiKeySecret.Start, StringComparison.Ordinal))
                await FindApiKeyAsync(context, token);
            else
                context.Token = token;
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
    }

    private async Task FindApiKeyAsync(MessageReceivedContext context, string token)
    {
        if (ApiKeySecret.Read(token) is not { } secret || await lookup.FindKeyAsync(secret, context.HttpContext.RequestAborted) is not { } found)
        {
            context.Fail("The API key is not valid.");
            return;
        }

        context.Principal = Caller(
            found.User, [new(SessionClaims.ApiKeyId, found.Key.Id.ToString()), .. found.Key.Scopes.Select(scope => new Claim(SessionClaims.Scope, scope))], found.Key.Id);
        context.Success();
    }

    private async Task FindSessionAsync(TokenValidatedContext context)
    {
        var token = (JsonWebToken)context.SecurityToken;
        if (!tokens.IsComplete(token) || !Guid.TryParse(token.Subject, out var userId) || !Guid.TryParse(token.GetPayloadValue<string>(SessionClaims.SessionId), out var sessionId)
            || await lookup.FindSessionAsync(userId, sessionId, context.HttpContext.RequestAborted) is not { } standing)
        {
            context.Fail("The session is over.");
            return;
        }

        var role = standing.User.Role;
        context.Principal = Caller(standing.User, [new(SessionClaims.SessionId, sessionId.ToString())]);

        // A browser session in use stays alive: from half of a token's life on, the next answer carries a fresh one.
        if (IsByCookie(context.HttpContext) && standing.Session.Kind is SessionKind.Cookie && clock.GetUtcNow() > token.IssuedAt + AccessTokens.Lifetime(role) / 2)
            cookies.Set(context.HttpContext, tokens.Issue(userId, sessionId, role), role);
    }

    // What the person may do is what the person's account says now.
    private static ClaimsPrincipal Caller(User user, Claim[] more, Guid? apiKeyId = null) => new(new ClaimsIdentity(
        [new(SessionClaims.UserId, user.Id.ToString()), new(SessionClaims.Role, user.Role), new(ClaimTypes.Name, Actor.NameOf(user.Id, apiKeyId)), .. more],
        JwtBearerDefaults.AuthenticationScheme, ClaimTypes.Name, SessionClaims.Role));

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
        Guid.Parse(caller.FindFirstValue(SessionClaims.UserId)!), caller.FindFirstValue(SessionClaims.Role)!,
        Guid.TryParse(caller.FindFirstValue(SessionClaims.SessionId), out var session) ? session : Reference.Nothing)
    {
        ApiKeyId = Guid.TryParse(caller.FindFirstValue(SessionClaims.ApiKeyId), out var key) ? key : null,
    };
}
