using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace TicMate.Tests.Fakes;

/// <summary>One request as it arrived.</summary>
public sealed record SeenRequest(string Method, string Path, string Authorization, string Cookie, string Body)
{
    public JsonNode Json => JsonNode.Parse(Body)!;
}

/// <summary>
/// A model provider on loopback that speaks the chat completions protocol and records what it is asked. What it answers is
/// set per test; it is a listener of its own and shares nothing with the program but the wire.
/// </summary>
public sealed class FakeModel : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeModel(WebApplication app) => _app = app;

    public ConcurrentQueue<SeenRequest> Requests { get; } = [];

    /// <summary>How the next requests are answered.</summary>
    public Func<HttpContext, Task> Behaviour { get; set; } = Advises();

    /// <summary>What a text means, for those who ask for vectors.</summary>
    public Func<string, float[]> Meaning { get; set; } = _ => [1];

    /// <summary>How they are answered; null is with the meanings.</summary>
    public Func<HttpContext, Task>? EmbeddingBehaviour { get; set; }

    public IEnumerable<SeenRequest> EmbeddingRequests => Requests.Where(r => r.Path.EndsWith("/embeddings", StringComparison.Ordinal));

    public Uri BaseUrl => new(_app.Urls.First() + "/v1beta/openai/");

    public static async Task<FakeModel> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var fake = new FakeModel(builder.Build());
        fake._app.Run(fake.HandleAsync);
        await fake._app.StartAsync();
        return fake;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    /// <summary>A well-formed completion with this text, for whatever reason the model stopped.</summary>
    public static Func<HttpContext, Task> Answers(string? content, string finish = "stop") => context => context.Response.WriteAsJsonAsync(new
    {
        id = "chatcmpl-1",
        @object = "chat.completion",
        created = 1_700_000_000,
        model = "gemini-2.5-flash",
        choices = new[] { new { index = 0, finish_reason = finish, message = new { role = "assistant", content } } },
        usage = new { prompt_tokens = 100, completion_tokens = 20, total_tokens = 120 },
    });

    /// <summary>Advice in the form that is asked for. The priority and the category rest on the quote.</summary>
    public static string Advice(
        string? priority = "low", string[]? skills = null, string? summary = "s", string? notes = "n", string? quote = null, string? category = null, double confidence = 0.9) =>
        new JsonObject(
            new (string Name, JsonNode? Value)[]
            {
                ("priority", priority), ("category", category), ("skills", new JsonArray([.. (skills ?? []).Select(s => JsonValue.Create(s))])), ("notes", notes), ("summary", summary),
            }
            .Where(f => f.Value is not null)
            .Select(f => KeyValuePair.Create<string, JsonNode?>(f.Name, new JsonObject
            {
                ["value"] = f.Value, ["confidence"] = confidence, ["reason"] = "It says so.",
                ["quotes"] = quote is not null && f.Name is "priority" or "category" ? new JsonArray(quote) : new JsonArray(),
            }))).ToJsonString();

    /// <summary>Advice that quotes the beginning of whatever ticket it is about, as an obedient model would.</summary>
    public static Func<HttpContext, Task> Advises(string? priority = "low", string[]? skills = null, string? summary = "s", string? notes = "n", string? category = null) =>
        context => Answers(Advice(priority, skills, summary, notes, context.Items["ticket"] as string, category))(context);

    // The first words of the ticket.
    private static string? FirstWords(string body)
    {
        try
        {
            var content = JsonNode.Parse(body)!["messages"]!.AsArray()[^1]!["content"]!;
            var ticket = JsonNode.Parse(content is JsonArray parts ? (string)parts[0]!["text"]! : (string)content!)!["ticket"]!;
            return ((string)ticket!).Split('\n')[0] is { Length: > 0 } line ? line[..Math.Min(60, line.Length)].Trim() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
        {
            return null;
        }
    }

    /// <summary>An answer without a candidate, as when the prompt itself is refused.</summary>
    public static Task NoChoices(HttpContext context) => context.Response.WriteAsync(
        """{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[]}""");

    /// <summary>An error whose body repeats the key it was sent, as careless gateways do.</summary>
    public static Func<HttpContext, Task> Refuses(int status, string? retryAfter = null) => context =>
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null)
            context.Response.Headers.RetryAfter = retryAfter;
        return context.Response.WriteAsync(JsonSerializer.Serialize(new
        {
            error = new { code = status, message = $"body-of-the-provider {context.Request.Headers.Authorization}" },
        }));
    };

    public static Task Hangs(HttpContext context) => new TaskCompletionSource().Task.WaitAsync(context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);

    public static async Task Floods(HttpContext context)
    {
        var piece = new byte[64 * 1024];
        Array.Fill(piece, (byte)' ');
        for (var sent = 0; sent < 50 * 1024 * 1024 && !context.RequestAborted.IsCancellationRequested; sent += piece.Length)
            await context.Response.Body.WriteAsync(piece);
    }

    public static Task SpeaksHtml(HttpContext context)
    {
        context.Response.ContentType = "text/html";
        return context.Response.WriteAsync("<html><body>body-of-the-provider</body></html>");
    }

    public static Func<HttpContext, Task> Redirects(string to) => context =>
    {
        context.Response.Redirect(to);
        return Task.CompletedTask;
    };

    private async Task HandleAsync(HttpContext context)
    {
        using var body = new StreamReader(context.Request.Body);
        var text = await body.ReadToEndAsync();
        context.Items["ticket"] = FirstWords(text);
        Requests.Enqueue(new(
            context.Request.Method, context.Request.Path + context.Request.QueryString.Value, context.Request.Headers.Authorization.ToString(),
            context.Request.Headers.Cookie.ToString(), text));
        context.Response.Headers.SetCookie = "track=1";
        await (context.Request.Path.Value!.EndsWith("/embeddings", StringComparison.Ordinal) ? (EmbeddingBehaviour ?? (c => EmbedAsync(c, text)))(context) : Behaviour(context));
    }

    private Task EmbedAsync(HttpContext context, string body)
    {
        var (asked, input) = (JsonNode.Parse(body)!, JsonNode.Parse(body)!["input"]!);
        var texts = input is JsonArray list ? list.Select(text => (string)text!).ToArray() : [(string)input!];
        var data = texts.Select((text, index) => new JsonObject
        {
            ["object"] = "embedding", ["index"] = index,
            ["embedding"] = (string?)asked["encoding_format"] == "base64"
                ? Convert.ToBase64String(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(Meaning(text))) : new JsonArray([.. Meaning(text).Select(number => JsonValue.Create(number))]),
        });
        return context.Response.WriteAsJsonAsync(new JsonObject
        {
            ["object"] = "list", ["data"] = new JsonArray([.. data]), ["model"] = (string?)asked["model"], ["usage"] = new JsonObject { ["prompt_tokens"] = 10 * texts.Length, ["total_tokens"] = 10 * texts.Length },
        });
    }
}
