using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;
using TicMate.Tickets.Triage;
using TicMate.Tickets.Triage.Costs;

namespace TicMate.Tickets.Similar;

/// <summary>Turns texts into vectors that are near each other when the texts mean the same. Built once; without a model it is off.</summary>
public sealed class TextEmbedder
{
    public const string Feature = "embedding";

    /// <summary>Finding what is similar is worth less than triage, and leaves it a fifth of the money; what nobody waits for leaves half.</summary>
    public const double Share = 0.8, BackgroundShare = 0.5;

    /// <summary>The beginning of a text says what it is about.</summary>
    private const int MostSent = 4_000;

    private readonly IEmbeddingGenerator<string, Embedding<float>>? generator;
    private readonly PaidCalls calls;
    private readonly int dimensions;

    public TextEmbedder(IHttpClientFactory http, IOptions<AiOptions> options, IModelLedger ledger, ProviderRest rest, TimeProvider clock, ILogger<TextEmbedder> log)
    {
        (Model, dimensions) = (options.Value.EmbeddingModel, Vectors.Dimensions(options.Value));
        calls = new PaidCalls(Model, ledger, rest, clock, log);
        generator = options.Value.Embeds ? ChatClients.CreateEmbedder(http, options.Value) : null;
    }

    public bool IsOn => generator is not null;

    public string Model { get; }

    /// <summary>What leaves the house of a ticket: title and description, masked as for every model.</summary>
    public static string Sent(string title, string description) => Limits.Cut(ModelAdvisor.Sent(new(title, description)), MostSent);

    /// <summary>One call, and one entry in the book, for all of them.</summary>
    /// <param name="texts">As they may be sent.</param>
    /// <param name="ticketId">Which ticket it is about, if one.</param>
    /// <param name="share">How much of the budget may be spent when this is asked.</param>
    /// <exception cref="ModelUnavailableException">There is no answer, or no money.</exception>
    /// <exception cref="InvalidAnswerException">The answer is not what was asked for.</exception>
    public Task<float[][]> EmbedAsync(IReadOnlyList<string> texts, Guid? ticketId, double share, CancellationToken ct) =>
        calls.MakeAsync(new Purpose(Feature, ticketId), () => generator!.GenerateAsync(texts, null, ct), answer => answer.Usage, answer => Read(answer, texts.Count, dimensions), ct, share);

    /// <summary>The vectors of an answer, if they are as many as texts, of the right length, and point anywhere.</summary>
    public static float[][] Read(IEnumerable<Embedding<float>> answer, int count, int dimensions)
    {
        var vectors = answer.Select(embedding => embedding.Vector.ToArray()).ToArray();
        if (vectors.Length != count)
            throw new InvalidAnswerException($"it has {vectors.Length} vectors for {count} texts");
        if (Array.Find(vectors, vector => vector.Length != dimensions) is { } other)
            throw new InvalidAnswerException($"its vectors have {other.Length} numbers, and Ai:EmbeddingDimensions says {dimensions}");
        if (vectors.Any(vector => !vector.All(float.IsFinite) || vector.All(number => number == 0)))
            throw new InvalidAnswerException("a vector points nowhere");
        return vectors;
    }
}
