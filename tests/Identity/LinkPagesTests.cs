using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using TicMate.Host;
using TicMate.Identity.Links;

namespace TicMate.Tests.Identity;

public sealed class LinkPagesTests(App app) : AppTest(app)
{
    [Theory]
    [InlineData("/auth/verify-email", "/api/auth/verify-email"), InlineData("/auth/reset-password", "/api/auth/reset-password")]
    public async Task Opening_a_link_only_shows_a_button(string page, string api)
    {
        var result = await Host.Scenario(x => x.Get.Url($"{page}?token=a-secret"));
        var (html, headers) = (await result.ReadAsTextAsync(), result.Context.Response.Headers);

        html.ShouldContain($"data-api=\"{api}\"");
        html.ShouldNotContain("a-secret");
        headers["Referrer-Policy"].ToString().ShouldBe("no-referrer");
        headers.CacheControl.ToString().ShouldBe("no-store");

        var policy = headers.ContentSecurityPolicy.ToString();
        policy.ShouldStartWith("default-src 'none'; ");
        policy.ShouldNotContain("unsafe");
        foreach (var inline in Regex.Matches(html.ReplaceLineEndings("\n"), "<(script|style)>(.*?)</\\1>", RegexOptions.Singleline).Select(m => m.Groups[2].Value))
            policy.ShouldContain($"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(inline)))}'");
    }

    [Theory]
    [InlineData(null, null, "http://*:3112", "http://localhost:3112/auth/verify-email#token=")]
    [InlineData(null, null, "http://[::]:80;http://x", "http://localhost:80/auth/verify-email#token=")]
    [InlineData(null, "https://t.example.org/", null, "https://t.example.org/auth/verify-email?token=")]
    [InlineData("https://other.example.org/v/", "https://t.example.org", null, "https://other.example.org/v/")]
    public void Links_lead_where_the_configuration_says(string? set, string? appUrl, string? urls, string expected) =>
        Configuration(set, appUrl, urls).MailLink("Mail:VerifyUrl", LinkPages.VerifyPath).ShouldBe(expected);

    [Theory]
    [InlineData("https://tickets.example.org/", "http://localhost:3000", "https://tickets.example.org/tickets/")]
    [InlineData(null, "http://localhost:3140", "http://localhost:3140/api/tickets/")]
    [InlineData(null, "http://*:80", "http://localhost:80/api/tickets/")]
    public void A_mail_about_a_ticket_leads_to_the_web_client_or_else_to_the_ticket_itself(string? appUrl, string urls, string expected) =>
        Configuration(null, appUrl, urls).TicketUrl().ShouldBe(expected);

    [Fact]
    public void A_link_that_is_no_address_is_refused_at_the_start() =>
        Should.Throw<SettingException>(() => Configuration("javascript:alert(1)", null, null).MailLink("Mail:VerifyUrl", LinkPages.VerifyPath));

    private static IConfiguration Configuration(string? set, string? appUrl, string? urls) => new ConfigurationBuilder()
        .AddInMemoryCollection(new Dictionary<string, string?> { ["Mail:VerifyUrl"] = set, ["AppUrl"] = appUrl, ["urls"] = urls }).Build();
}

public sealed class AccountMailTextTests
{
    [Fact]
    public void Every_mail_has_a_subject_and_a_text_and_a_link_where_there_is_one()
    {
        foreach (var kind in Enum.GetValues<AccountMailKind>())
        {
            var hasLink = AccountMails.PurposeOf(kind) is not null;
            var (subject, text) = AccountMailText.Of(kind, "Ada", hasLink ? "https://example.org/#token=x" : null);
            (subject.Length > 15, text.StartsWith("Hello Ada,\n", StringComparison.Ordinal), text.Contains("#token=x", StringComparison.Ordinal)).ShouldBe((true, true, hasLink));
        }
    }

    [Theory]
    [InlineData("Ada Lovelace", "Ada Lovelace"), InlineData("Dr. Ada", "Dr. Ada"), InlineData(" Zoë\r\nBcc: x", "ZoëBcc: x"), InlineData("O'Hara 李", "O'Hara 李")]
    [InlineData("Win at evil.example", ""), InlineData("https://evil", ""), InlineData("a@b", ""), InlineData("www.evil.example/x", "")]
    public void A_name_is_one_line_and_never_a_link(string name, string shown) => AccountMailText.SafeName(name).ShouldBe(shown);
}
