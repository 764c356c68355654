using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TicMate.Identity.Contracts;
using TicMate.Tests.Fakes;

namespace TicMate.Tests.Identity;

/// <summary>The service with every log line kept.</summary>
public sealed class AppThatTells : App
{
    public const string Secret = "the-secret-of-this-very-app-0123456789";

    public LogSink Log { get; } = new();

    protected override IEnumerable<(string, string)> Settings => [("Identity:Secret", Secret), ("Identity:RequireVerifiedEmail", "true")];

    protected override void Configure(IServiceCollection services) =>
        services.AddLogging(logging => logging.AddProvider(Log).AddFilter<LogSink>(null, LogLevel.Trace));
}

public sealed class SecretsTests(AppThatTells app) : AccountTest(app), IClassFixture<AppThatTells>
{
    [Fact]
    public async Task After_a_life_with_everything_in_it_no_table_and_no_log_line_holds_a_secret()
    {
        var (email, admin, wrong) = (AnAddress(), await Someone(Roles.Admin), "Wrong-Canary-77!");
        List<string> secrets = [AppThatTells.Secret, Password, Another, wrong, admin.Token];

        await Register(email);
        secrets.Add(TokenTo(email));
        await Post("verify-email", new { token = secrets[^1] });
        (await LogIn(email, wrong)).Status.ShouldBe(401);

        var cookie = (await LogIn(email)).Body;
        var bearer = (await Post("login", new { email, password = Password, session = "bearer" })).Body;
        var renewed = (await Post("refresh", new { refreshToken = (string)bearer["refreshToken"]! })).Body;
        secrets.AddRange([(string)cookie["token"]!, (string)bearer["token"]!, (string)bearer["refreshToken"]!, (string)renewed["token"]!, (string)renewed["refreshToken"]!]);
        var person = admin with { Id = (Guid)cookie["user"]!["id"]!, Email = email, Token = (string)cookie["token"]! };

        secrets.Add((string)(await Call(person, "POST", "/api/auth/api-keys", new { name = "script", scopes = new[] { "tickets:read" } })).Body["apiKey"]!["secret"]!);
        (await Call(person with { Token = secrets[^1] }, "GET", "/api/tickets")).Status.ShouldBe(200);

        await Post("forgot-password", new { email });
        secrets.Add(TokenTo(email));
        (await Post("reset-password", new { token = secrets[^1], newPassword = Another })).Status.ShouldBe(200);
        (await CallAndSettle(admin, "POST", "/api/admin/users", new { name = "Lee", email = $"lee-{email}", role = "moderator" })).Status.ShouldBe(201);
        secrets.Add(TokenTo($"lee-{email}"));
        await ATicket(admin, "canary-title", "canary-description");

        var everything = await TextOfTheWholeDatabase();
        var log = app.Log.Lines.ToArray();
        foreach (var secret in secrets)
        {
            secret.Length.ShouldBeGreaterThan(7);
            everything.ShouldNotContain(secret, Case.Sensitive);
            log.Where(line => line.Text.Contains(secret, StringComparison.Ordinal)).ShouldBeEmpty();
        }

        // The texts are there to be found, and it is the log that does not have them.
        everything.ShouldContain("canary-title");
        everything.ShouldContain(email);
        log.Select(line => line.Level).Distinct().ShouldContain(LogLevel.Trace);
        log.ShouldContain(line => line.Text.Contains("/api/auth/login", StringComparison.Ordinal));
        log.Where(line => line.Level >= LogLevel.Information && (line.Text.Contains(email, StringComparison.Ordinal) || line.Text.Contains("canary-", StringComparison.Ordinal))).ShouldBeEmpty();
    }
}
