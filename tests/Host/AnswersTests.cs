using System.Text.Json.Nodes;

namespace TicMate.Tests.Host;

public sealed class AnswersTests(App app) : AppTest(app)
{
    [Fact]
    public async Task Every_answer_tells_the_browser_to_be_careful()
    {
        foreach (var url in new[] { "/api/nothing", "/health/live", "/api/auth/user" })
        {
            var headers = (await Host.Scenario(x => { x.IgnoreStatusCode(); x.Get.Url(url); })).Context.Response.Headers;
            headers.XContentTypeOptions.ToString().ShouldBe("nosniff", url);
            headers.ContentSecurityPolicy.ToString().ShouldStartWith("default-src 'none'", Case.Sensitive, url);
            headers.CacheControl.ToString().ShouldContain("no-store", Case.Sensitive, url);
            headers["Referrer-Policy"].ToString().ShouldBe("no-referrer", url);
        }
    }

    [Fact]
    public async Task The_old_clients_origin_may_ask_with_credentials_and_no_other()
    {
        async Task<string?> Allowed(string origin) => (await Host.Scenario(x =>
        {
            x.IgnoreStatusCode();
            x.ConfigureHttpContext(http => (http.Request.Method, http.Request.Path) = ("OPTIONS", "/api/tickets/ticket-reply"));
            x.WithRequestHeader("Origin", origin);
            x.WithRequestHeader("Access-Control-Request-Method", "PUT");
            x.WithRequestHeader("Access-Control-Request-Headers", "content-type");
        })).Context.Response.Headers is var headers && headers.AccessControlAllowCredentials == "true" ? headers.AccessControlAllowOrigin.ToString() : null;

        (await Allowed("https://tickets.example.org")).ShouldBe("https://tickets.example.org");
        (await Allowed("https://evil.example")).ShouldBeNull();
        (await Allowed("null")).ShouldBeNull();
    }

    [Fact]
    public async Task The_service_says_whether_it_lives_and_is_ready()
    {
        foreach (var url in new[] { "/health/live", "/health/ready" })
            await Host.Scenario(x => { x.Get.Url(url); x.StatusCodeShouldBe(200); });
    }

    [Fact]
    public async Task The_api_describes_itself_in_openapi_3_1()
    {
        var document = JsonNode.Parse(await (await Host.Scenario(x => x.Get.Url("/openapi/v1.json"))).ReadAsTextAsync())!;

        ((string)document["openapi"]!).ShouldStartWith("3.1");
        foreach (var (path, method) in new[]
                 {
                     ("/api/auth/register", "post"), ("/api/auth/login", "post"), ("/api/auth/logout", "post"), ("/api/auth/user", "get"), ("/api/auth/update", "put"),
                     ("/api/auth/update-skills", "put"), ("/api/tickets", "post"), ("/api/tickets", "get"), ("/api/tickets/{ticketId}", "get"),
                     ("/api/tickets/ticket-reply", "put"), ("/api/tickets/status/{ticketId}", "put"), ("/api/tickets/get-assigned", "get"),
                 })
            document["paths"]![path]?[method].ShouldNotBeNull($"{method} {path}");

        var create = document["paths"]!["/api/tickets"]!["post"]!["responses"]!.AsObject().Select(r => r.Key).ToArray();
        create.ShouldContain("201");
        create.ShouldNotContain("200");
        new[] { "400", "401", "413", "415", "429", "503" }.Except(create).ShouldBeEmpty();
        document["paths"]!["/api/tickets"]!["get"]!["parameters"]!.AsArray().Select(p => (string)p!["name"]!).ShouldBe(
            ["limit", "cursor", "sort", "q", "status", "priority", "category", "skill", "assignedTo", "createdBy", "createdAfter", "createdBefore", "number", "overdue", "scope", "deleted"]);
        document["paths"]!["/api/tickets"]!["get"]!["responses"]!["200"]!["headers"]!["Link"].ShouldNotBeNull();
        document["components"]!["schemas"]!["UpdateUser"]!["required"].ShouldBeNull();
        document["components"]!["schemas"]!["ProblemDetails"]!["properties"]!["code"].ShouldNotBeNull();

        await Host.Scenario(x => { x.Get.Url("/docs/"); x.StatusCodeShouldBe(200); });
    }
}
