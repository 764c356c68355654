using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using TicMate.Identity.Profile;

namespace TicMate.Identity.Sessions.Throttle;

/// <summary>
/// The devices an account was signed in from: a signed cookie that is worth nothing but a counter of its own, so that strangers who
/// guess at an account cannot keep its owner waiting.
/// </summary>
public sealed class KnownDevices(Keys keys, IOptions<SignInOptions> signIn, IOptions<ThrottleOptions> throttle, TimeProvider clock)
{
    public const string Cookie = "dt";
    private const int IdBytes = 16, TimeBytes = 8, SignatureBytes = 32;

    private const string Purpose = "device cookie";

    /// <summary>Which known device of this account is calling; null for any other.</summary>
    public Guid? Find(HttpContext http, string email)
    {
        if (!http.Request.Cookies.TryGetValue(Cookie, out var cookie) || !Base64Url.IsValid(cookie, out var length) || length != IdBytes + TimeBytes + SignatureBytes)
            return null;

        var bytes = Base64Url.DecodeFromChars(cookie);
        var known = bytes.AsSpan(0, IdBytes + TimeBytes);
        var isOurs = false;
        foreach (var key in keys.AllFor(Purpose))
            isOurs |= CryptographicOperations.FixedTimeEquals(Sign(key, known, email), bytes.AsSpan(known.Length));

        return isOurs && BinaryPrimitives.ReadInt64BigEndian(known[IdBytes..]) > clock.GetUtcNow().ToUnixTimeSeconds() ? new Guid(known[..IdBytes]) : null;
    }

    /// <summary>Makes the caller's device one that this account is known to use.</summary>
    public void Remember(HttpContext http, string email)
    {
        var life = throttle.Value.DeviceRemembered;
        var bytes = new byte[IdBytes + TimeBytes + SignatureBytes];
        var known = bytes.AsSpan(0, IdBytes + TimeBytes);
        (Find(http, email) ?? Guid.NewGuid()).TryWriteBytes(known);
        BinaryPrimitives.WriteInt64BigEndian(known[IdBytes..], (clock.GetUtcNow() + life).ToUnixTimeSeconds());
        Sign(keys.For(Purpose), known, email).CopyTo(bytes.AsSpan(known.Length));

        http.Response.Cookies.Append(Cookie, Base64Url.EncodeToString(bytes), new CookieOptions
        {
            HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = signIn.Value.SecureCookies, Path = "/", MaxAge = life,
        });
    }

    private static byte[] Sign(byte[] key, ReadOnlySpan<byte> known, string email) => HMACSHA256.HashData(key, (byte[])[.. known, .. Encoding.UTF8.GetBytes(PersonalData.Key(email))]);
}
