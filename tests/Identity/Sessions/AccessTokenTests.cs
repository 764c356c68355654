using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;
using TicMate.Host;
using TicMate.Identity;
using TicMate.Identity.Contracts;
using TicMate.Identity.Sessions;

namespace TicMate.Tests.Identity.Sessions;

/// <summary>Tokens that are signed with the right key and are wrong all the same.</summary>
public sealed class AccessTokenTests(App app) : AppTest(app)
{
    [Fact]
    public async Task A_token_made_by_hand_as_ours_are_is_taken()
    {
        var (header, payload) = Ours(await Someone());
        (await Use(Signed(header.ToJsonString(), payload.ToJsonString()))).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("typ", "JWT")]
    [InlineData("alg", "HS512")]
    [InlineData("alg", "none")]
    [InlineData("kid", "0123456789abcdef")]
    [InlineData("kid", null)]
    [InlineData("crit", "[]")]
    [InlineData("crit", """["exp"]""")]
    [InlineData("jku", "https://evil.example/keys")]
    [InlineData("x5u", "https://evil.example/keys")]
    public async Task A_header_that_is_not_ours_is_refused(string name, string? value)
    {
        var (header, payload) = Ours(await Someone());
        Set(header, name, value is ['[', ..] ? JsonNode.Parse(value) : value);

        (await Use(Signed(header.ToJsonString(), payload.ToJsonString(), (string?)header["alg"]))).ShouldRefuse(401, "unauthenticated");
    }

    [Theory]
    [InlineData("iss"), InlineData("aud"), InlineData("sub"), InlineData("sid"), InlineData("jti"), InlineData("iat"), InlineData("nbf"), InlineData("exp")]
    public async Task Every_claim_is_needed(string name)
    {
        var (header, payload) = Ours(await Someone());
        payload.Remove(name);

        (await Use(Signed(header.ToJsonString(), payload.ToJsonString()))).ShouldRefuse(401, "unauthenticated");
    }

    [Theory]
    [InlineData("iss", "somebody"), InlineData("aud", "something"), InlineData("sub", "x"), InlineData("sid", "x")]
    public async Task Every_claim_must_be_ours(string name, string value)
    {
        var (header, payload) = Ours(await Someone());
        payload[name] = value;

        (await Use(Signed(header.ToJsonString(), payload.ToJsonString()))).ShouldRefuse(401, "unauthenticated");
    }

    [Theory]
    [InlineData("exp", 24 * 3600 + 1)] // lives longer than a day
    [InlineData("exp", -31)]
    [InlineData("nbf", 60)]
    [InlineData("iat", 60)]
    public async Task Times_have_bounds(string name, int secondsFromNow)
    {
        var (header, payload) = Ours(await Someone());
        payload[name] = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + secondsFromNow;
        if (name == "exp" && secondsFromNow < 0)
            (payload["iat"], payload["nbf"]) = (DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 600, DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 600);

        (await Use(Signed(header.ToJsonString(), payload.ToJsonString()))).ShouldRefuse(401, "unauthenticated");
    }

    [Fact]
    public async Task No_member_may_be_there_twice()
    {
        var (header, payload) = Ours(await Someone());
        string Twice(JsonObject json, string name) => $"{json.ToJsonString()[..^1]},\"{name}\":{json[name]!.ToJsonString()}}}";

        (await Use(Signed(Twice(header, "typ"), payload.ToJsonString()))).ShouldRefuse(401, "unauthenticated");
        (await Use(Signed(header.ToJsonString(), Twice(payload, "sub")))).ShouldRefuse(401, "unauthenticated");
    }

    [Fact]
    public async Task A_role_in_the_token_says_nothing()
    {
        var (header, payload) = Ours(await Someone());
        (payload["role"], payload["isAdmin"]) = ("admin", true);

        var seen = await Use(Signed(header.ToJsonString(), payload.ToJsonString()));
        ((string?)seen.Body["user"]!["role"]).ShouldBe("user");
    }

    [Fact]
    public async Task A_token_names_the_session_of_its_own_person()
    {
        var (header, payload) = Ours(await Someone());
        payload["sid"] = (await Someone(Roles.Admin)).SessionId.ToString();

        (await Use(Signed(header.ToJsonString(), payload.ToJsonString()))).ShouldRefuse(401, "unauthenticated");
    }

    [Fact]
    public async Task There_is_one_token_and_it_is_short()
    {
        var person = await Someone();
        var bearer = $"Bearer {person.Token}";

        (await Call(null, "GET", "/api/auth/user", more: x => x.ConfigureHttpContext(http => http.Request.Headers.Authorization = new([bearer, bearer])))).Status.ShouldBe(401);
        (await Call(null, "GET", "/api/auth/user", more: x => x.WithRequestHeader("Cookie", $"token={person.Token}; token={person.Token}"))).Status.ShouldBe(401);
        (await Call(null, "GET", "/api/auth/user", more: x => x.WithRequestHeader("Authorization", $"Bearer {new string('a', 4_096)}"))).Status.ShouldBe(401);
        (await Call(null, "GET", "/api/auth/user", more: x => x.WithRequestHeader("Authorization", $"Basic {person.Token}"))).Status.ShouldBe(401);
        (await Call(null, "GET", $"/api/auth/user?token={person.Token}&access_token={person.Token}")).Status.ShouldBe(401);
        (await Call(null, "GET", "/api/auth/user", more: x =>
        {
            x.WithRequestHeader("Authorization", "Bearer nonsense");
            x.WithRequestHeader("Cookie", $"token={person.Token}");
        })).Status.ShouldBe(401);
    }

    [Fact]
    public async Task A_changed_secret_signs_at_once_and_the_old_one_holds_while_it_is_listed()
    {
        var person = await Someone();
        Keys With(string secret, params string[] previous) => new(Options.Create(new SignInOptions { Secret = secret, PreviousSecrets = previous }));
        const string old = "the old secret, long enough to be a secret", young = "the young secret, long enough to be a secret";

        var before = new AccessTokens(With(old), TimeProvider.System).Issue(person.Id, person.SessionId, "user");
        var rotated = new AccessTokens(With(young, old), TimeProvider.System);
        var after = rotated.Issue(person.Id, person.SessionId, "user");

        async Task<bool> Holds(AccessTokens tokens, string token) =>
            (await new Microsoft.IdentityModel.JsonWebTokens.JsonWebTokenHandler().ValidateTokenAsync(token, tokens.Rules)).IsValid;

        (await Holds(rotated, before), await Holds(rotated, after)).ShouldBe((true, true));
        (await Holds(new AccessTokens(With(young), TimeProvider.System), before)).ShouldBeFalse();
        (await Holds(new AccessTokens(With(old), TimeProvider.System), after)).ShouldBeFalse();
    }

    [Fact]
    public void Previous_secrets_are_a_list_or_a_text_with_commas_and_are_checked()
    {
        IConfiguration With(params (string, string)[] settings) =>
            new ConfigurationBuilder().AddInMemoryCollection(settings.Append(("Smtp:Host", "mail.example.org")).ToDictionary(s => s.Item1, s => (string?)s.Item2)).Build();

        With(("Identity:PreviousSecrets", "one, two")).PreviousSecrets().ShouldBe(["one", "two"]);
        With(("Identity:PreviousSecrets:0", "one"), ("Identity:PreviousSecrets:1", "two")).PreviousSecrets().ShouldBe(["one", "two"]);
        With().PreviousSecrets().ShouldBeEmpty();

        var production = new HostingEnvironment { EnvironmentName = Environments.Production };
        const string secret = "0123456789abcdefghijklmnopqrstuvwxyz";
        Should.Throw<SettingException>(() => With(("Identity:Secret", secret), ("Identity:PreviousSecrets", "short")).Check(production)).Message.ShouldContain("JWT_SECRET_PREVIOUS");
        Should.Throw<SettingException>(() => With(("Identity:Secret", secret), ("Identity:PreviousSecrets", Settings.ExampleSecret)).Check(production)).Message.ShouldNotContain(Settings.ExampleSecret);
        With(("Identity:Secret", secret), ("Identity:PreviousSecrets", $"{secret}old")).Check(production);
    }

    [Fact]
    public void Every_purpose_has_a_key_of_its_own()
    {
        var keys = Host.Services.GetRequiredService<Keys>();
        new[] { "access token", "refresh token", "session handle", "mail token" }.Select(p => Convert.ToHexString(keys.For(p))).Distinct().Count().ShouldBe(4);
        keys.For("mail token").ShouldBe(keys.AllFor("mail token").First());
    }

    private static (JsonObject Header, JsonObject Payload) Ours(Caller person)
    {
        var parts = person.Token.Split('.');
        return (Json(parts[0]), Json(parts[1]));
    }

    private static JsonObject Json(string part) => JsonNode.Parse(Base64Url.DecodeFromChars(part))!.AsObject();

    private static void Set(JsonObject json, string name, JsonNode? value)
    {
        json.Remove(name);
        if (value is not null)
            json[name] = value;
    }

    private string Signed(string header, string payload, string? algorithm = "HS256")
    {
        var key = Host.Services.GetRequiredService<Keys>().For("access token");
        var text = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}";
        var bytes = Encoding.ASCII.GetBytes(text);
        var signature = algorithm switch { "none" => [], "HS512" => HMACSHA512.HashData(key, bytes), _ => HMACSHA256.HashData(key, bytes) };
        return $"{text}.{Base64Url.EncodeToString(signature)}";
    }

    private Task<Reply> Use(string token) => Call(null, "GET", "/api/auth/user", more: x => x.WithRequestHeader("Authorization", $"Bearer {token}"));
}
