using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Sessions;

/// <summary>How sessions are signed.</summary>
public sealed class SignInOptions
{
    /// <summary>The secret that every key is derived from; at least 32 bytes.</summary>
    public string Secret { get; set; } = "";

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
}

/// <summary>Signs and checks access tokens: JWT (RFC 7519) as RFC 9068 profiles them, HS256 and nothing else.</summary>
public sealed class AccessTokens(IOptions<SignInOptions> options, TimeProvider clock)
{
    private const string Issuer = "ticmate", Audience = "ticmate-api", Type = "at+jwt";

    private readonly JsonWebTokenHandler handler = new() { SetDefaultTimesOnTokenCreation = false };
    private readonly SymmetricSecurityKey key = KeyFor(options.Value.Secret);

    /// <summary>How long a token is good for, by the role its holder has when it is made.</summary>
    public static TimeSpan Lifetime(string role) => TimeSpan.FromHours(role == Roles.User ? 24 : 12);

    public string Issue(Guid userId, Guid sessionId, string role)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer, Audience = Audience, TokenType = Type, IssuedAt = now, NotBefore = now, Expires = now + Lifetime(role),
            SigningCredentials = new SigningCredentials(key, SecurityAlgorithms.HmacSha256),
            Claims = new Dictionary<string, object>
            {
                [SessionClaims.UserId] = userId.ToString(), [SessionClaims.SessionId] = sessionId.ToString(),
                [JwtRegisteredClaimNames.Jti] = Guid.CreateVersion7().ToString(),
            },
        });
    }

    /// <summary>What the JWT handler must insist on.</summary>
    public TokenValidationParameters Rules => new()
    {
        ValidIssuer = Issuer, ValidAudience = Audience, ValidTypes = [Type], ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
        IssuerSigningKey = key, RequireSignedTokens = true, RequireExpirationTime = true, ClockSkew = TimeSpan.FromSeconds(30),
        NameClaimType = SessionClaims.UserId, RoleClaimType = SessionClaims.Role,
        LifetimeValidator = (from, until, _, rules) => clock.GetUtcNow().UtcDateTime is var now && from - rules.ClockSkew <= now && now < until + rules.ClockSkew,
    };

    // A key per purpose (HKDF, RFC 5869), named by its own hash so that a rotated one is told apart.
    private static SymmetricSecurityKey KeyFor(string secret)
    {
        var bytes = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), 32, info: "ticmate access token"u8.ToArray());
        return new SymmetricSecurityKey(bytes) { KeyId = Convert.ToHexStringLower(SHA256.HashData(bytes))[..16] };
    }
}
