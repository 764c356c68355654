using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Sessions;

/// <summary>How sessions are signed.</summary>
public sealed class SignInOptions
{
    /// <summary>The secret that every key is derived from; at least 32 bytes.</summary>
    public string Secret { get; set; } = "";

    /// <summary>Secrets that signed before this one; what they signed holds until it expires, or until they are taken off this list.</summary>
    public string[] PreviousSecrets { get; set; } = [];

    /// <summary>Origins of other hosts whose pages may call with the cookie, exactly as a browser sends them.</summary>
    public string[] AllowedOrigins { get; set; } = [];

    /// <summary>Whether cookies are for HTTPS only; false in Development.</summary>
    public bool SecureCookies { get; set; } = true;
}

/// <summary>The claims of a signed-in caller, as endpoints see them. The token itself carries no role.</summary>
public static class SessionClaims
{
    public const string UserId = JwtRegisteredClaimNames.Sub;
    public const string SessionId = JwtRegisteredClaimNames.Sid;
    public const string Role = "role";
    public const string ApiKeyId = "api-key";
    public const string Scope = "scope";
}

/// <summary>Signs and checks access tokens: JWT (RFC 7519) as RFC 9068 profiles them, HS256 and nothing else.</summary>
public sealed class AccessTokens(Keys keys, TimeProvider clock)
{
    /// <summary>How long the token of a bearer session is good for; the refresh token gives the next one.</summary>
    public static readonly TimeSpan BearerLifetime = TimeSpan.FromMinutes(10);

    private const string Issuer = "ticmate", Audience = "ticmate-api", Type = "at+jwt", Purpose = "access token";
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30), LongestLifetime = TimeSpan.FromHours(24);
    private static readonly string[] HeaderNames = ["alg", "kid", "typ"];
    private static readonly string[] TextClaims = ["iss", "sub", "sid", "jti"];
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private readonly JsonWebTokenHandler handler = new() { SetDefaultTimesOnTokenCreation = false };
    private readonly SymmetricSecurityKey key = Named(keys.For(Purpose));
    private readonly SymmetricSecurityKey[] ring = [.. keys.AllFor(Purpose).Select(Named)];

    /// <summary>How long the token of a cookie session is good for, by the role its holder has when it is made.</summary>
    public static TimeSpan Lifetime(string role) => TimeSpan.FromHours(role == Roles.User ? 24 : 12);

    /// <summary>The names of the keys, as tokens carry them: the one that signs first.</summary>
    public IEnumerable<string> KeyIds => ring.Select(k => k.KeyId);

    public string Issue(Guid userId, Guid sessionId, string role) => Issue(userId, sessionId, Lifetime(role));

    public string Issue(Guid userId, Guid sessionId, TimeSpan lifetime)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer, Audience = Audience, TokenType = Type, IssuedAt = now, NotBefore = now, Expires = now + lifetime,
            SigningCredentials = new SigningCredentials(key, SecurityAlgorithms.HmacSha256),
            Claims = new Dictionary<string, object>
            {
                [SessionClaims.UserId] = userId.ToString(), [SessionClaims.SessionId] = sessionId.ToString(),
                [JwtRegisteredClaimNames.Jti] = Guid.CreateVersion7().ToString(),
            },
        });
    }

    /// <summary>What the JWT handler must insist on. The key is the one that the token names, and no other is tried.</summary>
    public TokenValidationParameters Rules => new()
    {
        ValidIssuer = Issuer, ValidAudience = Audience, ValidTypes = [Type], ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
        IssuerSigningKeyResolver = (_, _, kid, _) => ring.Where(k => k.KeyId == kid).Take(1), TryAllIssuerSigningKeys = false,
        RequireSignedTokens = true, RequireExpirationTime = true, ClockSkew = Skew,
        NameClaimType = SessionClaims.UserId, RoleClaimType = SessionClaims.Role,
        LifetimeValidator = (from, until, _, _) => from is { } begin && until is { } end && IsInTime(begin, end),
    };

    /// <summary>Whether a token that is good from one time until another, both UTC, is good now.</summary>
    public bool IsInTime(DateTime from, DateTime until) => clock.GetUtcNow().UtcDateTime is var now && from - Skew <= now && now < until + Skew;

    /// <summary>What the JWT handler does not look at: exactly our header, every claim, none twice, and a life of at most a day.</summary>
    public bool IsComplete(JsonWebToken token)
    {
        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(token.EncodedHeader), Strict);
            using var payload = JsonDocument.Parse(Base64Url.DecodeFromChars(token.EncodedPayload), Strict);
            var claims = payload.RootElement;

            return header.RootElement.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal).SequenceEqual(HeaderNames)
                && TextClaims.All(name => claims.TryGetProperty(name, out var claim) && claim.ValueKind is JsonValueKind.String)
                && claims.TryGetProperty("nbf", out var from) && from.TryGetInt64(out _)
                && claims.TryGetProperty("iat", out var at) && at.TryGetInt64(out var issued)
                && claims.TryGetProperty("exp", out var until) && until.TryGetInt64(out var expires)
                && expires - issued is > 0 and var life && life <= LongestLifetime.TotalSeconds
                && issued <= (clock.GetUtcNow() + Skew).ToUnixTimeSeconds();
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return false;
        }
    }

    // Named by its own hash, so that a rotated one is told apart.
    private static SymmetricSecurityKey Named(byte[] key) => new(key) { KeyId = Convert.ToHexStringLower(SHA256.HashData(key))[..16] };
}
