using System.ClientModel;
using Microsoft.Extensions.AI;
using Polly.CircuitBreaker;
using Polly.RateLimiting;
using Polly.Timeout;
using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Triage.Costs;

/// <summary>What a question to the model is for.</summary>
/// <param name="Feature">triage, draft, summary, embedding: a word that the bill is split by.</param>
/// <param name="TicketId">Which ticket it is about, if one.</param>
public sealed record Purpose(string Feature, Guid? TicketId);

/// <summary>Keeps the book of questions to a model, and says when there is no money for another.</summary>
public interface IModelLedger
{
    /// <summary>Whether another question may be paid for.</summary>
    /// <param name="share">How much of each cap it may come from; what matters less leaves some to the rest.</param>
    Task<bool> HasBudgetAsync(CancellationToken ct, double share = 1);

    Task RecordAsync(ModelAsked asked, CancellationToken ct);

    /// <summary>Whether no question may leave the house, whatever the budget: the database is a restored copy.</summary>
    Task<bool> IsHeldAsync(CancellationToken ct) => Task.FromResult(false);
}

/// <summary>How long the provider asked to be left alone (<c>Retry-After</c>), whatever it is asked for.</summary>
public sealed class ProviderRest(TimeProvider clock)
{
    private long until;

    /// <summary>How the circuit of the model's HTTP client stands.</summary>
    public CircuitBreakerStateProvider Circuit { get; } = new();

    public TimeSpan Left => new(Interlocked.Read(ref until) - clock.GetUtcNow().UtcTicks);

    public void Wanted(TimeSpan wait) => Interlocked.Exchange(ref until, (clock.GetUtcNow() + wait).UtcTicks);
}

/// <summary>The one way to the model that talks.</summary>
public sealed class ModelCalls(IChatClient client, string model, IModelLedger ledger, ProviderRest rest, TimeProvider clock, ILogger<ModelCalls> log)
{
    private readonly PaidCalls calls = new(model, ledger, rest, clock, log);

    /// <param name="read">What is made of the answer. What it throws is the outcome of a call that was paid for.</param>
    /// <exception cref="ModelUnavailableException">There was no answer, or none that says anything, or no money.</exception>
    public Task<T> AskAsync<T>(Purpose purpose, IEnumerable<ChatMessage> question, ChatOptions options, Func<string, T> read, CancellationToken ct) =>
        calls.MakeAsync(purpose, () => client.GetResponseAsync(question, options, ct), response => response.Usage, response => read(Text(response)), ct);

    private static string Text(ChatResponse response)
    {
        if (response.FinishReason == ChatFinishReason.ContentFilter)
            throw new ModelUnavailableException("blocked", transient: false);
        if (response.FinishReason == ChatFinishReason.Length)
            throw new ModelUnavailableException("cut-off", transient: false);
        return string.IsNullOrWhiteSpace(response.Text) ? throw new ModelUnavailableException("empty", transient: false) : response.Text;
    }
}

/// <summary>Whatever a model is asked for, there is no call beyond the budget, and each call is in the book once, however it ends.</summary>
public sealed class PaidCalls(string model, IModelLedger ledger, ProviderRest rest, TimeProvider clock, ILogger log)
{
    public const string Answered = "answered";

    // No request has left the house then.
    private static readonly string[] Unsent = ["circuit-open", "busy", "resting"];

    /// <param name="read">What is made of the answer. What it throws is the outcome of a call that was paid for.</param>
    /// <exception cref="ModelUnavailableException">There was no answer, or none that says anything, or no money.</exception>
    /// <exception cref="HeldException">The database is a restored copy.</exception>
    public async Task<T> MakeAsync<TResponse, T>(
        Purpose purpose, Func<Task<TResponse>> call, Func<TResponse, UsageDetails?> usageOf, Func<TResponse, T> read, CancellationToken ct, double share = 1)
    {
        if (await ledger.IsHeldAsync(ct))
            throw new HeldException();

        if (!await ledger.HasBudgetAsync(ct, share))
            throw new ModelUnavailableException(AgentState.Budget, transient: false);

        if (rest.Left is { Ticks: > 0 } left)
            throw Told(purpose, new("resting", transient: true, left));

        var (outcome, usage, started) = ("cancelled", (UsageDetails?)null, clock.GetTimestamp());
        try
        {
            var response = await call();
            usage = usageOf(response);
            var result = read(response);
            outcome = Answered;
            return result;
        }
        catch (InvalidAnswerException)
        {
            outcome = "invalid-answer";
            Tell(purpose, outcome);
            throw;
        }
        catch (Exception e)
        {
            ct.ThrowIfCancellationRequested();
            // The cause is dropped on purpose: its message holds the provider's body.
            var unavailable = e as ModelUnavailableException ?? Unavailable(e);
            outcome = unavailable.Reason;
            if (unavailable is { RetryAfter: { } wait } && outcome is not "circuit-open")
                rest.Wanted(wait);
            throw Told(purpose, unavailable);
        }
        finally
        {
            // Written though the caller has gone: the provider sends the bill all the same.
            if (!Unsent.Contains(outcome))
                await ledger.RecordAsync(
                    new(Guid.CreateVersion7(), purpose.Feature, purpose.TicketId, model, Tokens(usage?.InputTokenCount), Tokens(usage?.OutputTokenCount), 0, null,
                        (int)clock.GetElapsedTime(started).TotalMilliseconds, outcome), CancellationToken.None);
        }
    }

    // One line for a failure that is to be expected, and no more: whoever asked does without.
    private ModelUnavailableException Told(Purpose purpose, ModelUnavailableException unavailable)
    {
        Tell(purpose, unavailable.Reason);
        return unavailable;
    }

    private void Tell(Purpose purpose, string reason) => log.LogWarning("The model {Model} did not help with a {Feature}: {Reason}", model, purpose.Feature, reason);

    // The provider's word, and a provider may lie: never below nothing, never so much that sums overflow.
    private static long Tokens(long? said) => Math.Clamp(said ?? 0, 0, 100_000_000);

    private static ModelUnavailableException Unavailable(Exception e) => e switch
    {
        ClientResultException { Status: > 0 } refused => Refused(refused),
        BrokenCircuitException open => new("circuit-open", transient: true, open.RetryAfter),
        RateLimiterRejectedException => new("busy", transient: true),
        OperationCanceledException or TimeoutException or TimeoutRejectedException => new("timeout", transient: true),
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => new("answer-too-large", transient: false),
        HttpRequestException or IOException => new("unreachable", transient: true),
        ClientResultException or AggregateException when e.InnerException is { } inner => Unavailable(inner),
        // HTML, a broken JSON body, or a shape the client cannot read.
        _ => new("unreadable", transient: false),
    };

    private static ModelUnavailableException Refused(ClientResultException refused) => refused.Status switch
    {
        429 => new("rate-limited", transient: true, RetryAfter(refused)),
        408 => new("timeout", transient: true, RetryAfter(refused)),
        >= 500 => new("provider-error", transient: true, RetryAfter(refused)),
        401 or 403 => new("unauthorized", transient: false),
        >= 300 => new("rejected", transient: false),
        _ => new("unreadable", transient: false),
    };

    private static TimeSpan? RetryAfter(ClientResultException refused) =>
        refused.GetRawResponse() is { } response && response.Headers.TryGetValue("Retry-After", out var value)
        && int.TryParse(value, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(Math.Min(seconds, 3_600)) : null;
}
