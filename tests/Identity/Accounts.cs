using System.Text.RegularExpressions;
using Marten;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using TicMate.Identity.Contracts;
using TicMate.Identity.Links;
using TicMate.Identity.Passwords;
using TicMate.Tests.Fakes;
using Wolverine.Tracking;

namespace TicMate.Tests.Identity;

[CollectionDefinition]
public sealed class OneVerifyingApp : ICollectionFixture<VerifyingApp>;

/// <summary>The service as in Production: an account can sign in only once its address is proved.</summary>
public sealed class VerifyingApp : App
{
    protected override IEnumerable<(string, string)> Settings => [("Identity:RequireVerifiedEmail", "true")];
}

/// <summary>What tests of accounts do: sign up, read mails, follow links.</summary>
public abstract partial class AccountTest(App app) : Scenarios(app)
{
    protected const string Password = "Secret123!", Another = "Different-Horse-7";

    private readonly List<ReceivedMail> mails = [];

    protected static string AnAddress() => $"{Guid.NewGuid():N}@example.org";

    protected PasswordHasher Hasher => Host.Services.GetRequiredService<PasswordHasher>();

    protected Task<Reply> Post(string route, object body) => CallAndSettle(null, "POST", $"/api/auth/{route}", body);

    protected Task<Reply> Register(string email, string password = Password) => Post("register", new { name = "Ada", email, password });

    protected Task<Reply> LogIn(string email, string password = Password) => Post("login", new { email, password });

    /// <summary>What has arrived at an address so far, the oldest first.</summary>
    protected IReadOnlyList<ReceivedMail> MailsTo(string address)
    {
        while (App.Smtp.TryNext() is { } mail)
            mails.Add(mail);

        return [.. mails.Where(m => m.To.Contains(address))];
    }

    /// <summary>The token of the newest link mailed to an address.</summary>
    protected string TokenTo(string address) => TokenIn(MailsTo(address).Last(m => Token().IsMatch(TextOf(m))));

    protected static string TextOf(ReceivedMail mail) => mail.Message.TextBody ?? "";

    protected static string TokenIn(ReceivedMail mail) => Token().Match(TextOf(mail)).Groups[1].Value;

    /// <summary>Someone with a proved address, a password and an open session.</summary>
    protected async Task<Caller> SomeoneWithPassword()
    {
        var person = await Someone();
        await using var session = Store.LightweightSession();
        session.Store(new Credential(person.Id, Argon2Hash.Of(Password, new Argon2Cost(64, 1, 1))));
        session.Events.Append(person.Id, new EmailVerified(person.Id));
        await session.SaveChangesAsync(Ct);
        return person;
    }

    /// <summary>Many calls at once, and everything that follows from them.</summary>
    protected async Task<Reply[]> Together(int count, Func<int, Task<Reply>> call)
    {
        Reply[] replies = [];
        await Host.ExecuteAndWaitAsync(async () => replies = await Task.WhenAll(Enumerable.Range(0, count).Select(call)), 30_000);
        return replies;
    }

    protected async Task Change<T>(object id, Func<T, T> change) where T : class
    {
        await using var session = Store.LightweightSession();
        session.Store(change((await (id is string key ? session.LoadAsync<T>(key, Ct) : session.LoadAsync<T>((Guid)id, Ct)))!));
        await session.SaveChangesAsync(Ct);
    }

    protected Task Expire(Guid userId, LinkPurpose purpose) =>
        Change<OneTimeToken>(OneTimeToken.Key(userId, purpose), t => t with { ExpiresAt = DateTimeOffset.UtcNow.AddSeconds(-1) });

    protected async Task<Guid> IdOf(string email)
    {
        await using var session = Store.QuerySession();
        return (await TicMate.Identity.Profile.Addresses.FindByEmailAsync(session, email, Ct))!.Id;
    }

    /// <summary>All that a caller sees, but what differs from answer to answer anyway.</summary>
    protected static string WholeAnswer(Reply reply)
    {
        if (reply.Json?["traceId"] is not null)
            reply.Json["traceId"] = "";

        var headers = reply.Http.Response.Headers.Where(h => h.Key != "Date" && !h.Key.StartsWith("X-RateLimit", StringComparison.Ordinal)).Select(h => $"{h.Key}: {h.Value}").Order(StringComparer.Ordinal);
        return $"{reply.Status}\n{string.Join("\n", headers)}\n{reply.Json?.ToJsonString()}";
    }

    [GeneratedRegex("token=([A-Za-z0-9_-]+)")]
    private static partial Regex Token();
}
