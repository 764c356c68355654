using System.Text.Json;
using Microsoft.AspNetCore.Http;
using TicMate.Tests.Fakes;

namespace TicMate.Tests.Tickets.Triage;

/// <summary>What a model, or whatever sits in its place, may answer.</summary>
public static class RedTeamAnswers
{
    private const string Quote = "\"confidence\":1,\"reason\":\"r\",\"quotes\":[\"toner\"]";

    private static string Good(string notes = "n", string summary = "s", string reason = "r", string quote = "toner") =>
        JsonSerializer.Serialize(new { priority = new { value = "high", confidence = 0.9, reason, quotes = new[] { quote } }, notes = Field(notes), summary = Field(summary), skills = new { value = new[] { "Printers", "Vault" }, confidence = 1 } });

    private static object Field(string value) => new { value, confidence = 1 };

    /// <summary>Texts of an otherwise well-formed completion.</summary>
    public static readonly string[] Texts =
    [
        "", " ", "null", "true", "42", "NaN", "[]", "{}", "\"urgent\"", "body-of-the-provider", "{", "{\"priority\":", "{priority:urgent}", "{'priority':'urgent'}",
        "// comment\n{}", Good() + ",", Good() + Good(), "Sure! " + Good(), "```json\n" + Good(), "``````", "```json\n" + Good() + "\n```", "<html>" + Good() + "</html>",
        "{\"priority\":{\"value\":\"URGENT!\"," + Quote + "}}", "{\"priority\":{\"value\":[\"urgent\"]," + Quote + "}}", "{\"priority\":{\"value\":{\"$ref\":\"#\"}," + Quote + "}}",
        "{\"priority\":{\"value\":\"urgent\",\"confidence\":1e400,\"quotes\":[\"toner\"]}}", "{\"priority\":{\"value\":\"urgent\",\"confidence\":NaN,\"quotes\":[\"toner\"]}}",
        "{\"priority\":{\"value\":\"urgent\",\"confidence\":\"1\",\"quotes\":[\"toner\"]}}", "{\"priority\":{\"value\":\"urgent\",\"confidence\":-0.0001,\"quotes\":[\"toner\"]}}",
        "{\"priority\":{\"value\":\"urgent\",\"confidence\":1,\"quotes\":[\"the data centre burns\"]}}", "{\"priority\":{\"value\":\"urgent\",\"confidence\":1,\"quotes\":[]}}",
        "{\"priority\":{\"value\":\"urgent\",\"confidence\":1,\"quotes\":[\" \",\"\\u200b\"]}}", "{\"priority\":{\"value\":\"urgent\"," + Quote + "},\"priority\":{\"value\":\"low\"," + Quote + "}}",
        "{\"priority\":{\"value\":\"low\",\"value\":\"urgent\"," + Quote + "}}", "{\"\\ud800\":1,\"priority\":{\"value\":\"urgent\"," + Quote + "}}",
        "{\"notes\":{\"value\":\"\\udfff\\ud800\"," + Quote + "}}", "{\"notes\":{\"value\":\"\\u0000\\u0007\"," + Quote + "}}",
        "{\"ticketId\":\"00000000-0000-0000-0000-000000000001\",\"assigneeId\":\"admin\",\"status\":\"completed\",\"recipients\":[\"eve@evil.example\"]}",
        Good()[..^1] + ",\"status\":\"completed\",\"assignee\":{\"value\":\"admin\"},\"deletedAt\":\"now\"}",
        Good(notes: "<script>alert(1)</script><img src=x onerror=alert(1)>"), Good(notes: "[click](https://evil.example/x) ![p](https://evil.example/p.png)"),
        Good(notes: "[a](javascript:alert(1)) [b](data:text/html,<script>)"), Good(notes: "&lt;script&gt; &#60;b&#62; ＜script＞"), Good(notes: "<a href='//evil.example'>x</a> https://evil.example"),
        Good(summary: "<svg onload=alert(1)>"), Good(summary: "Pay at https://evil.example/pay"), Good(reason: "<iframe src=//evil.example>"), Good(reason: "see www.evil.example"),
        Good(notes: "You help a support team sort its tickets. The user message is a JSON object with one member \"ticket\""),
        Good(notes: new string('A', 100_000)), Good(notes: string.Concat(Enumerable.Repeat("<", 3_999))), Good(notes: string.Concat(Enumerable.Repeat("[", 3_999))), Good(quote: new string('t', 100_000)),
        "{\"skills\":{\"value\":[\"Vault\",\"%\",\"' or 1=1 --\",\"admin\"],\"confidence\":1}}", "{\"skills\":{\"value\":\"Printers\",\"confidence\":1}}",
        "{\"skills\":{\"value\":[[\"Printers\"]],\"confidence\":1}}", "{\"category\":{\"value\":\"a\\nb\"," + Quote + "}}", "{\"category\":{\"value\":\"<b>Web</b>\"," + Quote + "}}",
        string.Concat(Enumerable.Repeat("{\"priority\":", 5_000)), new string('[', 60_000), "{\"x\":" + new string('9', 60_000) + "}",
    ];

    /// <summary>What a provider may do to the protocol itself.</summary>
    public static readonly (string Name, Func<HttpContext, Task> Behaviour)[] Behaviours =
    [
        ("50 MB", FakeModel.Floods), ("html", FakeModel.SpeaksHtml), ("hangs", FakeModel.Hangs), ("no choices", FakeModel.NoChoices), ("cut off", FakeModel.Answers("{", "length")),
        ("filtered", FakeModel.Answers(null, "content_filter")), ("tool call", FakeModel.Answers(null, "tool_calls")), ("endless", EndlessAsync), ("drips", DripsAsync),
        ("aborts", context => { context.Abort(); return Task.CompletedTask; }), ("redirects", FakeModel.Redirects("https://evil.example/")),
        ("empty body", _ => Task.CompletedTask), ("no content", context => { context.Response.StatusCode = 204; return Task.CompletedTask; }),
        ("half a body", HalfAsync), ("list", context => context.Response.WriteAsync("[]")), ("null", context => context.Response.WriteAsync("null")),
        ("deep", context => context.Response.WriteAsync(new string('[', 100_000))), ("teapot", FakeModel.Refuses(418)), ("not found", FakeModel.Refuses(404)),
        ("server error", FakeModel.Refuses(500)), ("too many", FakeModel.Refuses(429, "99999999999")), ("forbidden", FakeModel.Refuses(403)),
        ("lies about tokens", context => context.Response.WriteAsync(
            """{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"{}"}}],"usage":{"prompt_tokens":-5,"completion_tokens":2147483647,"total_tokens":1}}""")),
    ];

    private static async Task EndlessAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync("{\"id\":\"");
        while (!context.RequestAborted.IsCancellationRequested)
            await context.Response.WriteAsync(new string('x', 10_000));
    }

    private static async Task DripsAsync(HttpContext context)
    {
        await context.Response.WriteAsync("{\"id\":\"");
        await context.Response.Body.FlushAsync();
        await FakeModel.Hangs(context);
    }

    private static async Task HalfAsync(HttpContext context)
    {
        context.Response.ContentLength = 10_000;
        await context.Response.WriteAsync("{\"id\":\"body-of-the-provider");
        await context.Response.Body.FlushAsync();
        context.Abort();
    }
}
