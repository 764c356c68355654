using System.ClientModel;
using System.ClientModel.Primitives;
using System.Diagnostics;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;
using OpenAI;
using Polly;
using TicMate.Tickets.Contracts;
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

    /// <summary>The model that turns texts into vectors, by which similar tickets are found; empty is none.</summary>
    [MaxLength(100)]
    public string EmbeddingModel { get; init; } = "";

    /// <summary>How many numbers such a vector has. The provider is asked for that many where this is set.</summary>
    [Range(1, 2_000)]
    public int? EmbeddingDimensions { get; init; }

    public const int DefaultDimensions = 768;

    /// <summary>The provider's key, sent as a bearer token and nowhere else. Empty: the built-in advisor works alone.</summary>
    public string? ApiKey { get; init; }

    /// <summary>True for models that refuse to answer without thinking (Gemini 2.5 Pro, Gemini 3).</summary>
    public bool AllowThinking { get; init; }

    /// <summary>How long one question may take, waiting in line and reading the answer included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(18);

    /// <summary>There is a model to ask: with a key, or without one a model on this machine, which has to be named.</summary>
    public bool IsOn => HasKey || (IsHere && Model != DefaultModel);

    /// <summary>Texts are turned into vectors: a model for it is named, and a key or a model on this machine is there.</summary>
    public bool Embeds => !string.IsNullOrWhiteSpace(EmbeddingModel) && (HasKey || IsHere);

    private bool HasKey => !string.IsNullOrWhiteSpace(ApiKey);

    private bool IsHere => BaseUrl is { IsAbsoluteUri: true, IsLoopback: true };

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

    /// <summary>The name of the one that asks for vectors.</summary>
    public const string EmbeddingClientName = "embedding";

    private const int MostAnswer = 1024 * 1024;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Registers <see cref="TriageAdvisors"/> and what they need. Works, with the built-in advisor alone, when there is no key.</summary>
    public static IServiceCollection AddModelClient(this IServiceCollection services)
    {
        services.AddOptions<AiOptions>().BindConfiguration("Ai").ValidateDataAnnotations()
            .Validate(o => o.HasSafeAddress(), "Ai:BaseUrl must be an https address, or http on this machine, without user and query.")
            .ValidateOnStart();
        services.AddOptions<BudgetOptions>().BindConfiguration("Ai").ValidateDataAnnotations().ValidateOnStart();
        // Two, so that a failing endpoint of the one kind does not close the other's.
        foreach (var name in new[] { HttpClientName, EmbeddingClientName })
        {
            services.AddHttpClient(name, (provider, http) =>
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
                    // What a caller's trace headers say is none of the provider's business.
                    ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
                    ConnectTimeout = ConnectTimeout,
                    // The client lives as long as the process; its connections must not, or a changed address is never seen.
                    PooledConnectionLifetime = TimeSpan.FromMinutes(5),
                })
                .AddResilienceHandler(name, (pipeline, context) => pipeline
                    .AddConcurrencyLimiter(permitLimit: 4, queueLimit: 32)
                    .AddCircuitBreaker(new Microsoft.Extensions.Http.Resilience.HttpCircuitBreakerStrategyOptions
                    {
                        // Five failures and no success within the window, then a minute's rest.
                        FailureRatio = 1,
                        MinimumThroughput = 5,
                        SamplingDuration = TimeSpan.FromMinutes(2),
                        BreakDuration = TimeSpan.FromMinutes(1),
                        StateProvider = name == HttpClientName ? context.ServiceProvider.GetRequiredService<ProviderRest>().Circuit : null,
                    })
                    // A little less than the client's own, so that the breaker sees a provider that hangs.
                    .AddTimeout(0.9 * context.ServiceProvider.GetRequiredService<IOptions<AiOptions>>().Value.Timeout));
            services.AddHttpClient(name).AddHttpMessageHandler(() => new SmallAnswers(MostAnswer));
        }

        // What it would tell, with stacks, is in the one line that a failed call leaves.
        services.AddLogging(logging => logging.AddFilter("Polly", LogLevel.None));
        services.AddSingleton<ProviderRest>();
        services.AddSingleton<IAdvisorState, ReadAdvisorState>();
        services.AddSingleton<TriageAdvisors>();
        return services;
    }

    /// <summary>A chat client for an endpoint that speaks the OpenAI protocol. It never retries by itself.</summary>
    public static IChatClient Create(IHttpClientFactory http, AiOptions options) => Client(http, options, HttpClientName).GetChatClient(options.Model).AsIChatClient();

    /// <summary>Of the same endpoint, what turns texts into vectors.</summary>
    public static IEmbeddingGenerator<string, Embedding<float>> CreateEmbedder(IHttpClientFactory http, AiOptions options) =>
        Client(http, options, EmbeddingClientName).GetEmbeddingClient(options.EmbeddingModel).AsIEmbeddingGenerator(options.EmbeddingDimensions);

    private static OpenAIClient Client(IHttpClientFactory http, AiOptions options, string name) =>
        new(new ApiKeyCredential(string.IsNullOrWhiteSpace(options.ApiKey) ? "none" : options.ApiKey), new OpenAIClientOptions
        {
            Endpoint = options.BaseUrl,
            Transport = new HttpClientPipelineTransport(http.CreateClient(name)),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = options.Timeout,
            ClientLoggingOptions = new() { EnableLogging = false, EnableMessageContentLogging = false },
        });

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
