using System.Text;
using Marten;
using TicMate.Identity.Contracts;
using Wolverine;

namespace TicMate.Host;

/// <summary>
/// A request with an <c>Idempotency-Key</c> that was carried out. It commits together with what the request did, and is forgotten after a
/// day. Its time is the database's: when the row was last written.
/// </summary>
/// <param name="Id">A hash of caller, route and key.</param>
/// <param name="Fingerprint">A hash of query and body.</param>
public sealed record IdempotentRequest(Guid Id, Guid CallerId, string Role, string Fingerprint)
{
    /// <summary>What the endpoint decided to answer, as JSON: an answer can be made of it again.</summary>
    public string? Decided { get; init; }

    /// <summary>The answer itself; null until it is known, and when it was too large to keep or named somebody who is erased.</summary>
    public KeptAnswer? Answer { get; init; }

    public const string IsYoung = "mt_last_modified > now() - interval '24 hours'";

    public static async Task<IdempotentRequest?> FindAsync(IQuerySession session, Guid id, CancellationToken ct) =>
        (await session.QueryAsync<IdempotentRequest>($"where id = ? and {IsYoung}", ct, id)).SingleOrDefault();

    public static string Table(IQuerySession session) => $"{session.DocumentStore.Options.DatabaseSchemaName}.mt_doc_idempotentrequest";
}

public sealed record KeptAnswer(int Status, string? ContentType, string? Location, string? ETag, string Body)
{
    public static KeptAnswer Of(HttpResponse response, MemoryStream body) => new(
        response.StatusCode, response.ContentType, response.Headers.Location, response.Headers.ETag,
        Encoding.UTF8.GetString(body.GetBuffer(), 0, (int)body.Length));
}

public static class IdempotencyRecords
{
    public static IServiceCollection AddIdempotency(this IServiceCollection services)
    {
        services.ConfigureMarten(store => store.RegisterDocumentType<IdempotentRequest>());
        services.ConfigureWolverine(wolverine => wolverine.Discovery.IncludeAssembly(typeof(ForgetAnswers).Assembly));
        services.AddSingleton<SweepIdempotency>().AddHostedService(provider => provider.GetRequiredService<SweepIdempotency>());
        return services;
    }
}

/// <summary>What is older than a day goes.</summary>
public sealed class SweepIdempotency(IDocumentStore store, TimeProvider clock, ILogger<SweepIdempotency> log) : HourlyWork(clock, log)
{
    public override async Task WorkAsync(CancellationToken ct)
    {
        await using var session = store.LightweightSession();
        session.QueueSqlCommand($"delete from {IdempotentRequest.Table(session)} where not ({IdempotentRequest.IsYoung})");
        await session.SaveChangesAsync(ct);
    }
}
