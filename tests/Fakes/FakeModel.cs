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
    public Func<HttpContext, Task> Behaviour { get; set; } = Answers("""{"priority":"low","skills":[],"summary":"s","notes":"n"}""");

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
        Requests.Enqueue(new(
            context.Request.Method, context.Request.Path + context.Request.QueryString.Value, context.Request.Headers.Authorization.ToString(),
            context.Request.Headers.Cookie.ToString(), await body.ReadToEndAsync()));
        context.Response.Headers.SetCookie = "track=1";
        await Behaviour(context);
    }
}
