using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Npgsql;
using TicMate.Host;

namespace TicMate.Tests.Host;

public sealed class SettingsTests
{
    private const string Sound = "Nq4v0Zt7Yb2Kx9Wm5Rs8Pj3Hd6Gf1Lc/eTaUoIyQ";

    [Theory]
    [InlineData("postgres://jo:s%40fe@db.example.org:5433/tickets")]
    [InlineData("postgresql://jo:s%40fe@db.example.org:5433/tickets?sslmode=verify-full")]
    [InlineData("Host=db.example.org;Port=5433;Username=jo;Password=s@fe;Database=tickets")]
    public void A_database_is_named_as_a_url_or_as_pairs(string given)
    {
        var named = new NpgsqlConnectionStringBuilder(Settings.ConnectionString(given));

        (named.Host, named.Port, named.Username, named.Password, named.Database).ShouldBe(("db.example.org", 5433, "jo", "s@fe", "tickets"));
        named.SslMode.ShouldBe(given.Contains("verify-full", StringComparison.Ordinal) ? SslMode.VerifyFull : new NpgsqlConnectionStringBuilder().SslMode);
    }

    [Fact]
    public void A_database_url_needs_no_port() =>
        new NpgsqlConnectionStringBuilder(Settings.ConnectionString("postgres://jo:x@db/tickets")).Port.ShouldBe(5432);

    [Theory]
    [InlineData("hunter2-nonsense")]
    [InlineData("postgres://jo:hunter2@/tickets")]
    [InlineData("postgres://jo:hunter2@db.example.org")]
    [InlineData("postgres://jo:hunter2@db:port/tickets")]
    [InlineData("postgres://jo:hunter2@db/tickets?hunter2=1")]
    [InlineData("postgres://jo:hunter2@db/tickets?sslmode=hunter2")]
    [InlineData("Username=jo;Password=hunter2")]
    [InlineData("Host=db;Port=hunter2")]
    public void A_database_that_cannot_be_meant_is_refused_by_name_without_its_value(string given)
    {
        Refusal(() => Settings.ConnectionString(given)).ShouldContain("DATABASE_URL");
        Refusal(() => Settings.ConnectionString(given, "MIGRATE_DATABASE_URL")).ShouldContain("MIGRATE_DATABASE_URL");
    }

    [Theory]
    [InlineData(null, 3000)]
    [InlineData("", 3000)]
    [InlineData("8080", 8080)]
    [InlineData("65535", 65535)]
    public void The_port_is_3000_unless_told(string? given, int port) => Settings.Port(given).ShouldBe(port);

    [Theory]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("-1")]
    [InlineData("+80")]
    [InlineData(" 80")]
    [InlineData("hunter2")]
    public void A_port_that_is_none_is_refused(string given) => Refusal(() => Settings.Port(given)).ShouldContain("PORT");

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("hunter2")]
    [InlineData(Settings.ExampleSecret)]
    [InlineData("hunter2hunter2hunter2hunter2hunter2hunter2")]
    public void Production_refuses_a_secret_that_is_missing_short_public_or_monotonous(string? secret) =>
        Refusal(Production, ("Identity:Secret", secret)).ShouldContain("JWT_SECRET");

    [Fact]
    public void Development_takes_the_example_as_it_is() => Check("Development", ("Identity:Secret", Settings.ExampleSecret));

    [Fact]
    public void Development_refuses_a_secret_too_short_to_sign_with() =>
        Refusal("Development", ("Identity:Secret", "hunter2")).ShouldContain("JWT_SECRET");

    [Fact]
    public void Production_starts_with_a_secret_and_a_way_to_send_mail() => Check(Production);

    [Fact]
    public void Production_refuses_to_start_when_nothing_carries_mail() =>
        Refusal(Production, ("Mail:ResendApiKey", "")).ShouldSatisfyAllConditions(why => why.ShouldContain("RESEND_API_KEY"), why => why.ShouldContain("Smtp:Host"));

    [Fact]
    public void Resend_needs_a_sender_of_ones_own() => Refusal(Production, ("Mail:From", null)).ShouldContain("EMAIL_FROM");

    [Theory]
    [InlineData("Smtp:Port", "hunter2", "Smtp:Port")]
    [InlineData("Outbound:AllowLoopback", "hunter2", "Outbound:AllowLoopback")]
    [InlineData("ApiDocs:Enabled", "hunter2", "ApiDocs:Enabled")]
    [InlineData("Nodes", "hunter2", "Nodes")]
    [InlineData("Nodes", "0", "Nodes")]
    [InlineData("AppUrl", "hunter2", "APP_URL")]
    [InlineData("AppUrl", "http://localhost:3000", "APP_URL")]
    [InlineData("Ai:BaseUrl", "http://127.0.0.1:8000", "Ai:BaseUrl")]
    [InlineData("CorsOrigins", "https://a.example.org,hunter2", "CORS_ORIGINS")]
    public void A_setting_that_cannot_be_meant_is_refused_by_name(string key, string value, string name) =>
        Refusal(Production, (key, value)).ShouldContain(name);

    [Fact]
    public void Servers_on_this_machine_have_to_be_allowed()
    {
        (string, string?)[] local = [("Mail:ResendApiKey", ""), ("Smtp:Host", "127.0.0.1"), ("AppUrl", "http://localhost:3000")];

        Refusal(Production, local).ShouldContain("Outbound:AllowLoopback");
        Check(Production, [.. local, ("Outbound:AllowLoopback", "true")]);
    }

    [Fact]
    public void Origins_are_what_a_browser_sends() =>
        Configuration(("CorsOrigins", "https://a.example.org/, https://b.example.org:8443/x"), ("AppUrl", "https://a.example.org")).AllowedOrigins()
            .ShouldBe(["https://a.example.org", "https://b.example.org:8443"]);

    private const string Production = "Production";

    private static void Check(string environment, params (string Key, string? Value)[] settings) =>
        Configuration(settings).Check(new Surroundings(environment));

    private static string Refusal(string environment, params (string Key, string? Value)[] settings) => Refusal(() => Check(environment, settings));

    private static string Refusal(Action act)
    {
        var message = Should.Throw<SettingException>(act).Message;
        message.ShouldNotContain("hunter2");
        return message;
    }

    private static IConfiguration Configuration(params (string Key, string? Value)[] settings)
    {
        var all = new Dictionary<string, string?>
        {
            ["Identity:Secret"] = Sound, ["Mail:ResendApiKey"] = "re_hunter2", ["Mail:From"] = "TICMaTe <no-reply@example.org>",
        };
        foreach (var (key, value) in settings)
            all[key] = value;

        return new ConfigurationBuilder().AddInMemoryCollection(all.Where(s => s.Value is not null)).Build();
    }

    private sealed class Surroundings(string name) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = name;
        public string ApplicationName { get; set; } = "TicMate";
        public string ContentRootPath { get; set; } = "/";
        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}
