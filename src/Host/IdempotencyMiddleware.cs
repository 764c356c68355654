using System.Text.Json;
using JasperFx.CodeGeneration.Frames;
using JasperFx.CodeGeneration.Model;
using Marten;
using Microsoft.AspNetCore.Mvc;
using TicMate.Identity.Contracts;
using Wolverine;
using Wolverine.Http;

namespace TicMate.Host;

/// <summary>Every POST outside /api/auth takes an <c>Idempotency-Key</c>.</summary>
/// <param name="Decides">What the endpoint decides to answer, if an answer can be made of it again later.</param>
public sealed record IdempotentEndpoint(Type? Decides);

/// <summary>
/// In the endpoint's own transaction: whether it runs or was carried out before, and the record that it was. Without a key nothing here
/// asks the database.
/// </summary>
public static class IdempotencyMiddleware
{
    public static bool AppliesTo(HttpChain chain) =>
        chain.HttpMethods.Contains("POST") && !new PathString(chain.RoutePattern!.RawText).StartsWithSegments("/api/auth", StringComparison.OrdinalIgnoreCase);

    public static async Task<IResult> BeforeAsync(HttpContext http, IDocumentSession session, CancellationToken ct)
    {
        if (http.Features.Get<KeyedRequest>() is not { } keyed)
            return WolverineContinue.Result();

        // A statement of its own: what the lock's last holder committed is seen only by statements that begin afterwards.
        var isHeld = keyed.IsAlone && await HoldAsync(session, keyed.Id, ct);
        return await IdempotentRequest.FindAsync(session, keyed.Id, ct) switch
        {
            null when isHeld => WolverineContinue.Result(),
            { } earlier when earlier.Fingerprint != keyed.Fingerprint =>
                Results.Problem(Refuse.With(422, "idempotency-key-reused", "This Idempotency-Key came with another request before; use a new one.")),
            { } earlier when earlier.Role != keyed.Caller.Role =>
                Results.Problem(Refuse.Forbidden("This was done before, in another role than yours is now; it is neither done nor shown again.")),
            { Answer: { } answer } => new Replay(answer),
            { } earlier when isHeld => new ReplayFromDecision(earlier, session, keyed.Caller),
            _ => Results.Problem(InFlight()),
        };
    }

    /// <summary>Last before the commit, so that the record and what was done are stored together or not at all.</summary>
    public static void Remember(HttpContext http, IDocumentSession session, object? decided)
    {
        if (http.Features.Get<KeyedRequest>() is not { } keyed)
            return;

        keyed.IsRemembered = true;
        session.Store(new IdempotentRequest(keyed.Id, keyed.Caller.Id, keyed.Caller.Role, keyed.Fingerprint)
        {
            Decided = decided is null ? null : JsonSerializer.Serialize(decided, decided.GetType()),
        });
    }

    public static void RememberWhenKeyed(this HttpChain chain)
    {
        if (!AppliesTo(chain))
            return;

        var decided = chain.HasResourceType() ? chain.Method.Creates.FirstOrDefault(IsResponseAware) ?? chain.Method.Creates.FirstOrDefault() : null;
        if (decided?.VariableType is not { IsClass: true } type || type == typeof(string) || type.IsAssignableTo(typeof(IResult)))
            decided = null;

        var remember = new MethodCall(typeof(IdempotencyMiddleware), nameof(Remember));
        remember.Arguments[2] = decided ?? new Variable(typeof(object), "null");
        chain.Postprocessors.Insert(0, remember);
        chain.Metadata.WithMetadata(new IdempotentEndpoint(decided?.VariableType));
    }

    private static bool IsResponseAware(Variable variable) => variable.VariableType.IsAssignableTo(typeof(IResponseAware));

    private static async Task<bool> HoldAsync(IDocumentSession session, Guid id, CancellationToken ct)
    {
        await session.BeginTransactionAsync(ct);
        return (await session.QueryAsync<bool>("select pg_try_advisory_xact_lock(hashtextextended(?, 23))", ct, id.ToString()))[0];
    }

    private static ProblemDetails InFlight()
    {
        var problem = Refuse.With(409, "idempotency-in-flight", "A request with this Idempotency-Key is being worked on; ask again in a second.");
        problem.Extensions[Refuse.RetryAfter] = 1;
        return problem;
    }
}
