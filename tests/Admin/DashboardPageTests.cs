using Marten.Events;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;
using TicMate.Admin.Dashboard;
using TicMate.Admin.Dashboard.Pictures;
using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;

namespace TicMate.Tests.Admin;

public sealed class DashboardPageMarkupTests
{
    private const string Hostile = "</script><img src=x onerror=alert(1)>'\"&";

    [Fact]
    public void No_text_of_people_becomes_markup()
    {
        var page = Page(Answer() with
        {
            ByCategory = [new(Hostile, 3, 1)], BySkill = [new(Hostile, 3, 1)], Moderators = [new(Guid.NewGuid(), Hostile, 3, 1, 5)],
        });

        page.ShouldNotContain("<img");
        page.ShouldContain("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&#x27;&quot;&amp;");
        page.ShouldContain("\\u003C/script\\u003E\\u003Cimg");
        page.Split("</script").Length.ShouldBe(2);
    }

    [Fact]
    public void It_says_what_the_numbers_are_and_what_is_not_there_yet()
    {
        var page = Page(Answer() with { FirstResponse = new(12, 5400, 90_000) });

        page.ShouldContain("<strong>90&#xA0;min</strong><small>median of 12; 90&#xA0;% within 25&#xA0;h</small>");
        page.ShouldContain("<strong>–</strong><small>none in the period</small>");
        page.ShouldContain("<p class=\"empty\">Nothing to show.</p>");
        page.ShouldNotContain("<canvas");
        page.ShouldContain("not counted yet");
    }

    [Fact]
    public void A_chart_is_cut_where_its_table_is_not()
    {
        var page = Page(Answer() with { BySkill = [.. Enumerable.Range(1, 20).Select(n => new TicketCountView($"skill{n}", 9, 4))] });

        page.ShouldContain("The first 12 of 20");
        page.ShouldContain("<th scope=\"row\">skill20</th><td>4</td><td>5</td><td>9</td>");
        page.ShouldNotContain("\"skill13\"");
    }

    [Theory]
    [InlineData(null, "–"), InlineData(0.0, "< 1 s"), InlineData(42.3, "42 s"), InlineData(90.0 * 60, "90 min"), InlineData(9_000.0, "2.5 h"), InlineData(86_400 * 3.25, "3.3 days")]
    public void Durations_have_no_more_digits_than_they_are_good_for(double? seconds, string text) => Say.Duration(seconds).Replace(Say.Gap, ' ').ShouldBe(text);

    private static string Page(DashboardAnswer answer)
    {
        var (query, _) = DashboardQuery.Read(new QueryCollection(), new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        return new DashboardPage(query, answer).Markup();
    }

    private static DashboardAnswer Answer() => new(new(0, 0, 0, 0, 0, 0, 0), new("2026-10-25", "2026-11-23", "UTC"), null, false)
    {
        Users = [], Tickets = [], AdminProfile = null, ByStatus = [], ByPriority = [], ByCategory = [], BySkill = [], Days = [], BacklogByAge = [], Moderators = [], UsersByRole = [],
        FirstResponse = new(0, null, null), Resolution = new(0, null, null), Reopened = new(0, 0, null, null, null), Ai = new(0, 0, 0, 0, 0, 0),
    };
}

public sealed class DashboardPageTests(App app) : AppTest(app)
{
    private const int Phone = 390;

    [Fact]
    public async Task Admins_get_a_page_that_needs_nothing_from_elsewhere()
    {
        var admin = await Someone(Roles.Admin);
        var page = await Call(admin, "GET", "/api/admin/dashboard.html?from=2026-03-01&to=2026-03-07&tz=Europe/Berlin&asOf=");

        (page.Status, page.Http.Response.ContentType).ShouldBe((200, "text/html; charset=utf-8"));
        page.Http.Response.Headers.ContentSecurityPolicy.ToString().ShouldBe(DashboardPage.Policy);
        page.Http.Response.Headers.CacheControl.ToString().ShouldBe("no-store");
        DashboardPage.Policy.ShouldStartWith("default-src 'none'; script-src 'sha256-");
        page.Text.ShouldContain("1 Mar 2026 – 7 Mar 2026, Europe/Berlin");
        (await Call(admin, "GET", "/api/admin/dashboard.html?tz=Nowhere&refresh=1")).ShouldFault("tz", "refresh");
        (await Call(await AModerator(), "GET", "/api/admin/dashboard.html?tz=Nowhere")).ShouldRefuse(403, "forbidden");
        (await Call(null, "GET", "/api/admin/dashboard.html")).ShouldRefuse(401, "unauthenticated");
    }

    /// <summary>Looks at the page as browsers do; the pictures are in the folder "pictures" beside the tests.</summary>
    [Fact]
    public async Task A_browser_draws_it_light_and_dark_and_on_a_phone()
    {
        Assert.SkipWhen(Chromium is null, "There is no chromium on the PATH.");

        // Few of the browser's calls have a limit of their own.
        await Draw().InTime("the browser has drawn it three times", TimeSpan.FromMinutes(2));
    }

    private async Task Draw()
    {
        var admin = await Someone(Roles.Admin);
        await SomeTickets("</script><img src=x onerror=alert(1)>");
        await Store.WaitForNonStaleProjectionDataAsync(TimeSpan.FromSeconds(30));

        await using var front = await Front();
        var home = front.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        using var playwright = await Playwright.CreateAsync();
        await using var chromium = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = ["--no-sandbox"] });
        var backgrounds = new List<string>();
        foreach (var (name, scheme, width) in new[] { ("light", ColorScheme.Light, 1280), ("dark", ColorScheme.Dark, 1280), ("phone", ColorScheme.Light, Phone) })
        {
            await using var context = await chromium.NewContextAsync(new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 800 } });
            await context.AddCookiesAsync([new() { Name = "token", Value = admin.Token, Url = home }]);
            var page = await context.NewPageAsync();
            var complaints = new List<string>();
            page.Console += (_, message) => complaints.Add(message.Text);
            page.PageError += (_, error) => complaints.Add(error);
            page.Dialog += (_, dialog) => complaints.Add(dialog.Message);
            page.Request += (_, request) => complaints.AddRange(request.Url == $"{home}/api/admin/dashboard.html" ? [] : [request.Url]);

            (await page.GotoAsync($"{home}/api/admin/dashboard.html"))!.Status.ShouldBe(200);
            await page.ScreenshotAsync(new() { Path = Path.Combine(AppContext.BaseDirectory, "pictures", $"dashboard-{name}.png"), FullPage = true });

            complaints.ShouldBeEmpty();
            (await page.EvaluateAsync<int>("document.images.length")).ShouldBe(0);
            (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBe(width);
            (await page.EvaluateAsync<string[]>(Blank)).ShouldBeEmpty();
            (await page.EvaluateAsync<string[]>("[...document.querySelectorAll('canvas, input')].filter(e => !e.ariaLabel && !e.labels?.length).map(e => e.outerHTML)")).ShouldBeEmpty();
            (await page.EvaluateAsync<string[]>(Faint)).ShouldBeEmpty();
            (await page.Locator("canvas").CountAsync()).ShouldBeGreaterThanOrEqualTo(6);
            backgrounds.Add(await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor"));
        }

        (backgrounds[0] == backgrounds[2], backgrounds[0] == backgrounds[1]).ShouldBe((true, false));
    }

    // A picture that shows something has more colours than its ground and one kind of ink.
    private const string Blank = """
        [...document.querySelectorAll("canvas")].filter(canvas => {
          const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
          return new Set(pixels).size < 10;
        }).map(canvas => canvas.id)
        """;

    // Text against what is behind it, by the formula of WCAG 2; AA asks for 4.5.
    private const string Faint = """
        (() => {
          const rgb = color => color.match(/[\d.]+/g).map(Number);
          const light = color => rgb(color).slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((sum, v, n) => sum + v * [.2126, .7152, .0722][n], 0);
          const ground = e => { const color = getComputedStyle(e).backgroundColor; return rgb(color)[3] === 0 ? ground(e.parentElement) : color; };
          return [...document.querySelectorAll("body *")].filter(e => e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
            .filter(e => { const [a, b] = [light(getComputedStyle(e).color), light(ground(e))]; return (Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5; }).map(e => e.outerHTML.slice(0, 200));
        })()
        """;

    private static string? Chromium => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);

    // The host of the tests listens nowhere: this does, and hands on what the browser asks.
    private async Task<WebApplication> Front()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var front = builder.Build();
        front.Run(async http =>
        {
            using var request = new HttpRequestMessage(new(http.Request.Method), http.Request.Path + http.Request.QueryString);
            request.Headers.Add("Cookie", http.Request.Headers.Cookie.ToString());
            using var client = Host.GetTestClient();
            using var answer = await client.SendAsync(request, http.RequestAborted);
            http.Response.StatusCode = (int)answer.StatusCode;
            foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
                http.Response.Headers[name] = values.ToArray();

            await answer.Content.CopyToAsync(http.Response.Body, http.RequestAborted);
        });
        await front.StartAsync(Ct);
        return front;
    }

    private async Task SomeTickets(string category)
    {
        var (moderator, skill) = (await AModerator(), ASkill());
        await using var session = Store.LightweightSession();
        for (var n = 0; n < 6; n++)
        {
            var id = Guid.CreateVersion7();
            object[] done = n < 3 ? [new TicketStatusChanged(id, moderator.Id, Status.Todo, Status.Completed, moderator.Id)] : [];
            session.Events.StartStream<Ticket>(id, [
                new TicketCreated(id, Random.Shared.Next(1_000_000, int.MaxValue), moderator.Id, "t", "d", Category: category), new TicketAssigned(id, moderator.Id, moderator.Id, [], ""),
                new TicketSkillsRecorded(id, [skill]), .. done,
            ]);
        }

        await session.SaveChangesAsync(Ct);
    }
}
