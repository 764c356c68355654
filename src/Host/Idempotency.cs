using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Marten;
using Marten.Patching;
using TicMate.Identity.Contracts;
using TicMate.Identity.Sessions;

namespace TicMate.Host;

/// <summary>A request that its caller named, so that it is carried out once however often it is sent.</summary>
public sealed record KeyedRequest(Guid Id, CurrentUser Caller, string Fingerprint, bool IsAlone)
{
    public bool IsRemembered { get; set; }
}

/// <summary>
/// Reads the key before the endpoint runs, and keeps what it answered. Whether the endpoint runs at all is decided in its own transaction:
/// see <see cref="IdempotencyMiddleware"/>.
/// </summary>
public sealed class Idempotency(RequestDelegate next, ILogger<Idempotency> log)
{
    public const string KeyHeader = "Idempotency-Key", ReplayedHeader = "Idempotency-Replayed";
    public const int LongestKey = 255;
    private const int LargestAnswer = 64 * 1024;

    // A request is under way until its answer is kept, which is after the lock on its record has gone with the transaction.
    private readonly ConcurrentDictionary<Guid, bool> underWay = new();

    public async Task InvokeAsync(HttpContext http, IDocumentStore store, IProblemDetailsService problems)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<IdempotentEndpoint>() is null || !http.Request.Headers.TryGetValue(KeyHeader, out var keys))
        {
            await next(http);
            return;
        }

        if (keys is not [{ } key] || !IsKey(key))
        {
            var problem = new Faults().Add(KeyHeader, $"{KeyHeader} must be given once, as 1 to {LongestKey} visible ASCII characters.").Problem;
            http.Response.StatusCode = problem.Status!.Value;
            await problems.WriteAsync(new ProblemDetailsContext { HttpContext = http, ProblemDetails = problem });
            return;
        }

        var (caller, request) = (SessionUser.Of(http.User), http.Request);
        var id = IdOf(caller.Id, request.Method, request.Path, key);
        var body = Convert.ToHexString(await SHA256.HashDataAsync(request.Body, http.RequestAborted));
        var fingerprint = Convert.ToHexString(Hash(request.QueryString.Value ?? "", body));
        request.Body.Position = 0;

        var keyed = new KeyedRequest(id, caller, fingerprint, underWay.TryAdd(id, true));
        http.Features.Set(keyed);
        try
        {
            await AnswerAsync(http, keyed, store);
        }
        finally
        {
            if (keyed.IsAlone)
                underWay.TryRemove(id, out _);
        }
    }

    /// <summary>A key belongs to one person and one route, with the ids in it.</summary>
    public static Guid IdOf(Guid caller, string method, PathString path, string key) =>
        new(Hash(caller.ToString(), method, path.Value!.TrimEnd('/').ToLowerInvariant(), key).AsSpan(0, 16));

    private async Task AnswerAsync(HttpContext http, KeyedRequest keyed, IDocumentStore store)
    {
        var wire = http.Response.Body;
        await using var body = new MemoryStream();
        http.Response.Body = body;
        try
        {
            await next(http);
        }
        finally
        {
            http.Response.Body = wire;
        }

        if (keyed.IsRemembered && http.Response.StatusCode is >= 200 and < 300 && body.Length <= LargestAnswer)
            await KeepAsync(store, keyed.Id, KeptAnswer.Of(http.Response, body));

        body.Position = 0;
        await body.CopyToAsync(wire, http.RequestAborted);
    }

    // What was done is remembered already: without the answer itself, a repeat is answered with what it comes to by then.
    private async Task KeepAsync(IDocumentStore store, Guid id, KeptAnswer answer)
    {
        try
        {
            await using var session = store.LightweightSession();
            session.Patch<IdempotentRequest>(id).Set(request => request.Answer, answer);
            await session.SaveChangesAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.LogWarning(e, "The answer to an idempotent request could not be kept");
        }
    }

    private static bool IsKey(string key) => key.Length is >= 1 and <= LongestKey && key.All(c => c is > ' ' and < '\x7F');

    private static byte[] Hash(params string[] parts) => SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(parts));
}
