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
    private const int MostRemembered = 20_000;

    private readonly RecentTokens verified = new(MostRemembered);

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
                await TakeAsync(context, token);
        }
        else if (request.Cookies.TryGetValue(SessionCookies.Token, out var cookie))
        {
            if (cookie.Length > LongestToken || request.Headers.Cookie.Sum(line => line!.Split(';').Count(c => c.TrimStart().StartsWith("token=", StringComparison.Ordinal))) > 1)
                context.Fail("One session cookie is needed.");
            else
            {
                context.HttpContext.Items[ByCookie] = true;
                await TakeAsync(context, cookie);
            }
        }
        else
        {
            context.NoResult();
        }
    }

    // A token that was found genuine is not verified again. That its time has come and is not over, and that its session holds, is asked anew.
    private async Task TakeAsync(MessageReceivedContext context, string token)
    {
        if (verified.Find(token) is not { } known || !tokens.IsInTime(known.ValidFrom, known.ValidTo))
        {
            context.Token = token;
        }
        else if (await CallerAsync(context.HttpContext, known) is { } caller)
        {
            context.Principal = caller;
            context.Success();
        }
        else
        {
            context.Fail("The session is over.");
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
            new CurrentUser(found.User.Id, found.User.Role, Reference.Nothing) { ApiKeyId = found.Key.Id, Skills = found.User.Skills },
            [new(SessionClaims.ApiKeyId, found.Key.Id.ToString()), .. found.Key.Scopes.Select(scope => new Claim(SessionClaims.Scope, scope))]);
        context.Success();
    }

    private async Task FindSessionAsync(TokenValidatedContext context)
    {
        var token = (JsonWebToken)context.SecurityToken;
        if (!tokens.IsComplete(token) || !Guid.TryParse(token.Subject, out var userId) || !Guid.TryParse(token.GetPayloadValue<string>(SessionClaims.SessionId), out var sessionId)
            || await CallerAsync(context.HttpContext, new(userId, sessionId, token.IssuedAt, token.ValidFrom, token.ValidTo)) is not { } caller)
        {
            context.Fail("The session is over.");
            return;
        }

        verified.Put(token.EncodedToken, new(userId, sessionId, token.IssuedAt, token.ValidFrom, token.ValidTo));
        context.Principal = caller;
    }

    /// <summary>The caller of a token that is genuine; null when its session is over.</summary>
    private async ValueTask<ClaimsPrincipal?> CallerAsync(HttpContext http, VerifiedToken token)
    {
        if (await lookup.FindSessionAsync(token.UserId, token.SessionId, http.RequestAborted) is not { } standing)
            return null;

        // A browser session in use stays alive: from half of a token's life on, the next answer carries a fresh one.
        var role = standing.User.Role;
        if (IsByCookie(http) && standing.Session.Kind is SessionKind.Cookie && clock.GetUtcNow() > token.IssuedAt + AccessTokens.Lifetime(role) / 2)
            cookies.Set(http, tokens.Issue(token.UserId, token.SessionId, role), role);

        return Caller(new CurrentUser(standing.User.Id, role, token.SessionId) { Skills = standing.User.Skills }, [new(SessionClaims.SessionId, token.SessionId.ToString())]);
    }

    // What the person may do is what the person's account says now.
    private static ClaimsPrincipal Caller(CurrentUser user, Claim[] more) => new(new CallerIdentity(user, more));

    // Every failure looks the same; RFC 6750, section 3, for the header. The body comes from the host, as for every error.
    private static Task Challenge(JwtBearerChallengeContext context)
    {
        context.HandleResponse();
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = context.AuthenticateFailure is null ? "Bearer" : "Bearer error=\"invalid_token\"";
        return Task.CompletedTask;
    }
}

/// <summary>Who calls, as endpoints take it and as claims.</summary>
public sealed class CallerIdentity(CurrentUser user, IEnumerable<Claim> more) : ClaimsIdentity(
    [new(SessionClaims.UserId, user.Id.ToString()), new(SessionClaims.Role, user.Role), new(ClaimTypes.Name, Contracts.Actor.NameOf(user.Id, user.ApiKeyId)), .. more],
    JwtBearerDefaults.AuthenticationScheme, ClaimTypes.Name, SessionClaims.Role)
{
    public CurrentUser User => user;
}

/// <summary>The caller that <see cref="SessionAuthentication"/> found.</summary>
public static class SessionUser
{
    public static CurrentUser Of(ClaimsPrincipal caller) => ((CallerIdentity)caller.Identity!).User;
}
