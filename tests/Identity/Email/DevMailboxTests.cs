using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using MimeKit;
using TicMate.Identity.Email;

namespace TicMate.Tests.Identity.Email;

public sealed class DevMailboxTests : IAsyncLifetime
{
    private const string Attack = "<script>alert('x')</script>\"&";
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ticmate-mail-");
    private WebApplication app = null!;
    private HttpClient browser = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = Environments.Development });
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddMail();
        // Added after the registration, as a test host does it.
        builder.Configuration.AddInMemoryCollection([new("Mail:Folder", folder.FullName)]);
        builder.Services.AddAuthorization(options =>
            options.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAssertion(_ => false).Build());
        app = builder.Build();
        app.UseAuthorization();
        app.MapDevMailbox();
        await app.StartAsync(Ct);
        browser = app.GetTestClient();
    }

    public async ValueTask DisposeAsync()
    {
        browser.Dispose();
        await app.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task What_a_mail_says_is_text_never_markup()
    {
        var id = await GivenMail(subject: Attack, name: "<b>Anna</b>", text: $"{Attack}\nhttp://example.org/?a=1&b=\"><img src=x>");

        foreach (var url in (string[])["/dev/mail", $"/dev/mail/{id}"])
        {
            var page = await browser.GetStringAsync(url, Ct);
            page.ShouldContain("&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&quot;&amp;");
            page.ShouldNotContain("<script", Case.Insensitive);
            page.ShouldNotContain("<img", Case.Insensitive);
            page.ShouldNotContain("<b>", Case.Insensitive);
        }
    }

    [Fact]
    public async Task Web_links_can_be_followed_and_others_cannot()
    {
        var id = await GivenMail(text: "Open (https://ticmate.test/verify?token=a-b_c&x=1).\njavascript:alert(1) ftp://example.org/");

        var page = await browser.GetStringAsync($"/dev/mail/{id}", Ct);

        const string link = "https://ticmate.test/verify?token=a-b_c&amp;x=1";
        page.ShouldContain($"""Open (<a href="{link}" rel="noopener noreferrer">{link}</a>).""");
        page.ShouldNotContain("href=\"javascript", Case.Insensitive);
        page.ShouldNotContain("href=\"ftp", Case.Insensitive);
    }

    [Theory]
    [InlineData("https://")]
    [InlineData("http://http://[::")]
    [InlineData("{0} {1} {{x}}")]
    [InlineData("")]
    public async Task Odd_texts_are_shown_as_they_are(string text)
    {
        var id = await GivenMail(subject: text, text: text);

        (await browser.GetStringAsync($"/dev/mail/{id}", Ct)).ShouldContain($">{text}");
    }

    [Fact]
    public async Task A_script_finds_the_link_it_needs()
    {
        var id = await GivenMail(subject: "Grüße", text: "https://ticmate.test/?token=t");

        var list = JsonDocument.Parse(await browser.GetStringAsync("/dev/mail.json", Ct)).RootElement;

        var mail = list.EnumerateArray().ShouldHaveSingleItem();
        mail.GetProperty("id").GetString().ShouldBe(id);
        mail.GetProperty("subject").GetString().ShouldBe("Grüße");
        mail.GetProperty("to").GetString()!.ShouldContain("anna@example.org");
        mail.GetProperty("date").GetDateTimeOffset().ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1));
        mail.GetProperty("text").GetString()!.TrimEnd().ShouldBe("https://ticmate.test/?token=t");
    }

    [Fact]
    public async Task The_mail_itself_can_be_downloaded()
    {
        var id = await GivenMail(subject: "Grüße");

        using var response = await browser.GetAsync($"/dev/mail/{id}.eml", Ct);

        response.Content.Headers.ContentType!.MediaType.ShouldBe("message/rfc822");
        response.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("attachment");
        (await MimeMessage.LoadAsync(await response.Content.ReadAsStreamAsync(Ct), Ct)).Subject.ShouldBe("Grüße");
    }

    [Fact]
    public async Task A_page_may_load_and_run_nothing()
    {
        using var response = await browser.GetAsync("/dev/mail", Ct);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.ToString().ShouldBe("text/html; charset=utf-8");
        response.Headers.GetValues("Content-Security-Policy").Single().ShouldStartWith("default-src 'none'; style-src 'unsafe-inline'");
        response.Headers.GetValues("Cache-Control").Single().ShouldBe("no-store");
        response.Headers.GetValues("X-Content-Type-Options").Single().ShouldBe("nosniff");
        response.Headers.GetValues("Referrer-Policy").Single().ShouldBe("no-referrer");
    }

    [Theory]
    [InlineData("/dev/mail/unknown")]
    [InlineData("/dev/mail/unknown.eml")]
    [InlineData("/dev/mail/..%2f..%2fetc%2fpasswd")]
    [InlineData("/dev/mail/..%2fsecret.eml")]
    [InlineData("/dev/mail?page=0")]
    [InlineData("/dev/mail?page=2147483647")]
    [InlineData("/dev/mail.json?page=-1")]
    public async Task What_is_not_there_is_not_found(string url)
    {
        using var response = await browser.GetAsync(url, Ct);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Long_lists_have_pages()
    {
        foreach (var i in Enumerable.Range(0, 51))
            await GivenMail(id: $"a.{i}@b");

        (await browser.GetStringAsync("/dev/mail", Ct)).ShouldContain("/dev/mail?page=2");
        var last = await browser.GetStringAsync("/dev/mail?page=2", Ct);
        last.ShouldContain("/dev/mail?page=1");
        last.ShouldNotContain("/dev/mail?page=3");
    }

    [Theory]
    [InlineData("/dev/mail")]
    [InlineData("/dev/mail.json")]
    public async Task A_name_that_was_pointed_here_sees_nothing(string url)
    {
        await GivenMail();
        using var request = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { Host = "rebound.example.org" } };

        using var response = await browser.SendAsync(request, Ct);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await response.Content.ReadAsStringAsync(Ct)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Another_machine_sees_nothing()
    {
        await GivenMail();

        var context = await app.GetTestServer().SendAsync(http =>
        {
            http.Request.Path = "/dev/mail";
            http.Request.Host = new("localhost", 3000);
            http.Connection.RemoteIpAddress = IPAddress.Parse("192.0.2.7");
        }, Ct);

        context.Response.StatusCode.ShouldBe(404);
    }

    [Theory]
    [InlineData("127.0.0.1", "localhost", true)]
    [InlineData("::1", "[::1]", true)]
    [InlineData("::ffff:127.0.0.1", "127.0.0.1", true)]
    [InlineData(null, "LOCALHOST", true)]
    [InlineData("192.0.2.7", "localhost", false)]
    [InlineData("127.0.0.1", "localhost.example.org", false)]
    [InlineData("127.0.0.1", "", false)]
    public void Both_ends_must_be_this_machine(string? caller, string host, bool expected) =>
        DevMailbox.IsFromHere(caller is null ? null : IPAddress.Parse(caller), host).ShouldBe(expected);

    private async Task<string> GivenMail(string subject = "Hello", string name = "Anna", string text = "Hello", string id = "a.1@b")
    {
        await app.Services.GetRequiredService<IMailer>().SendAsync(new("anna@example.org", name, subject, text, id), Ct);
        return app.Services.GetRequiredService<FolderMailbox>().List(0, 1).Single().Id;
    }
}
