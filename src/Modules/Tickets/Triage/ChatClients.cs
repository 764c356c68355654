using System.ClientModel;
using System.ClientModel.Primitives;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;
using OpenAI;
using Polly;
using TicMate.Tickets.Triage.Costs;

namespace TicMate.Tickets.Triage;

/// <summary>Where the language model is, from the section <c>Ai</c> of the configuration. Without a key there is none but on this machine.</summary>
public sealed record AiOptions
{
    /// <summary>An endpoint that speaks the OpenAI protocol. https, or http on this machine.</summary>
    public Uri BaseUrl { get; init; } = new("https://generativelanguage.googleapis.com/v1beta/openai/");

    /// <summary>The model asked, and how its advice is signed.</summary>
    [Required, MaxLength(100)]
    public string Model { get; init; } = DefaultModel;

    public const string DefaultModel = "gemini-2.5-flash";

    /// <summary>The provider's key, sent as a bearer token and nowhere else. Empty: the built-in advisor works alone.</summary>
    public string? ApiKey { get; init; }

    /// <summary>True for models that refuse to answer without thinking (Gemini 2.5 Pro, Gemini 3).</summary>
    public bool AllowThinking { get; init; }

    /// <summary>How long one question may take, waiting in line and reading the answer included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(18);

    /// <summary>There is a model to ask: with a key, or without one a model on this machine, which has to be named.</summary>
    public bool IsOn => !string.IsNullOrWhiteSpace(ApiKey) || (BaseUrl is { IsAbsoluteUri: true, IsLoopback: true } && Model != DefaultModel);

    // A record prints its members, and the key must not be printed.
    public override string ToString() => $"{Model} at {BaseUrl.GetLeftPart(UriPartial.Path)}, {(string.IsNullOrWhiteSpace(ApiKey) ? "no key" : "with a key")}";

    /// <summary>A key over plain http would be read by anyone on the way.</summary>
    public bool HasSafeAddress() =>
        BaseUrl.IsAbsoluteUri && BaseUrl.UserInfo.Length == 0 && BaseUrl.Query.Length == 0
        && (BaseUrl.Scheme == Uri.UriSchemeHttps || (BaseUrl.Scheme == Uri.UriSchemeHttp && BaseUrl.IsLoopback));
}

/// <summary>The language model of this installation, if there is one, built once.</summary>
public sealed class TriageAdvisors
{
    public TriageAdvisors(IHttpClientFactory http, IOptions<AiOptions> options, IModelLedger ledger, ProviderRest rest, TimeProvider clock, ILogger<ModelCalls> log)
    {
        if (!options.Value.IsOn)
            return;
        Calls = new ModelCalls(ChatClients.Create(http, options.Value), options.Value.Model, ledger, rest, clock, log);
        Model = new ModelAdvisor(Calls, options.Value.Model, options.Value.AllowThinking);
    }

    /// <summary>The way to the model for whatever else it is asked, or null when there is none.</summary>
    public ModelCalls? Calls { get; }

    /// <summary>The language model, or null when no key is configured.</summary>
    public ITriageAdvisor? Model { get; }
}

/// <summary>The way to the model: one HTTP client with narrow limits, and the chat client on top of it.</summary>
public static class ChatClients
{
    /// <summary>The name of the HTTP client.</summary>
    public const string HttpClientName = "model";

    private const int MostAnswer = 256 * 1024;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Registers <see cref="TriageAdvisors"/> and what they need. Works, with the built-in advisor alone, when there is no key.</summary>
    public static IServiceCollection AddModelClient(this IServiceCollection services)
    {
        services.AddOptions<AiOptions>().BindConfiguration("Ai").ValidateDataAnnotations()
            .Validate(o => o.HasSafeAddress(), "Ai:BaseUrl must be an https address, or http on this machine, without user and query.")
            .ValidateOnStart();
        services.AddOptions<BudgetOptions>().BindConfiguration("Ai").ValidateDataAnnotations().ValidateOnStart();
        services.AddHttpClient(HttpClientName, (provider, http) =>
            {
                http.Timeout = provider.GetRequiredService<IOptions<AiOptions>>().Value.Timeout;
                http.MaxResponseContentBufferSize = MostAnswer;
            })
            .RemoveAllLoggers()
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = false,
                ConnectTimeout = ConnectTimeout,
                // The client lives as long as the process; its connections must not, or a changed address is never seen.
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            })
            .AddResilienceHandler(HttpClientName, (pipeline, context) => pipeline
                .AddConcurrencyLimiter(permitLimit: 4, queueLimit: 32)
                .AddCircuitBreaker(new Microsoft.Extensions.Http.Resilience.HttpCircuitBreakerStrategyOptions
                {
                    // Five failures and no success within the window, then a minute's rest.
                    FailureRatio = 1,
                    MinimumThroughput = 5,
                    SamplingDuration = TimeSpan.FromMinutes(2),
                    BreakDuration = TimeSpan.FromMinutes(1),
                })
                // A little less than the client's own, so that the breaker sees a provider that hangs.
                .AddTimeout(0.9 * context.ServiceProvider.GetRequiredService<IOptions<AiOptions>>().Value.Timeout));
        services.AddHttpClient(HttpClientName).AddHttpMessageHandler(() => new SmallAnswers(MostAnswer));
        // What it would tell, with stacks, is in the one line that a failed call leaves.
        services.AddLogging(logging => logging.AddFilter("Polly", LogLevel.None));
        services.AddSingleton<ProviderRest>();
        services.AddSingleton<TriageAdvisors>();
        return services;
    }

    /// <summary>A chat client for an endpoint that speaks the OpenAI protocol. It never retries by itself.</summary>
    public static IChatClient Create(IHttpClientFactory http, AiOptions options) =>
        new OpenAIClient(new ApiKeyCredential(string.IsNullOrWhiteSpace(options.ApiKey) ? "none" : options.ApiKey), new OpenAIClientOptions
        {
            Endpoint = options.BaseUrl,
            Transport = new HttpClientPipelineTransport(http.CreateClient(HttpClientName)),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = options.Timeout,
            ClientLoggingOptions = new() { EnableLogging = false, EnableMessageContentLogging = false },
        }).GetChatClient(options.Model).AsIChatClient();

    // The SDK reads bodies as streams, past the limit of HttpClient itself.
    private sealed class SmallAnswers(int most) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            await response.Content.LoadIntoBufferAsync(most, cancellationToken);
            return response;
        }
    }
}
