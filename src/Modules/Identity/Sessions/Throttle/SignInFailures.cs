using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Marten;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Sessions.Throttle;

/// <summary>The wrong passwords of one account on one day (UTC), and those of all addresses without an account: streams that nobody decides on.</summary>
public sealed record SignInFailures(Guid Id)
{
    public static Guid StreamOf(Guid? userId, DateTimeOffset now) => new(
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"sign-in failures {userId} {now.UtcDateTime:yyyy-MM-dd}"))).AsSpan(0, 16), bigEndian: true);

    /// <summary>Stores a failure at once: the request is refused, so nothing else of it is stored.</summary>
    public static async Task RecordAsync(IDocumentSession session, Guid? userId, DateTimeOffset now, CancellationToken ct)
    {
        var stream = StreamOf(userId, now);
        var failed = new SignInFailed(userId, userId is null ? "unknown-address" : "wrong-password");

        // One after the other: of two failures at once, the second would meet the first's version.
        await session.BeginTransactionAsync(ct);
        await session.QueryAsync<int>("select 1 from (select pg_advisory_xact_lock(hashtextextended(?, 21))) locked", ct, stream.ToString());
        if (await session.Events.FetchStreamStateAsync(stream, ct) is null)
            session.Events.StartStream<SignInFailures>(stream, failed);
        else
            session.Events.Append(stream, failed);

        await session.SaveChangesAsync(ct);
    }
}
