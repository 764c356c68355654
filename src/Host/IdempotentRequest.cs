using System.Text;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using Wolverine;
using Wolverine.Marten;

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
        response.StatusCode, response.ContentType, response.Headers.Location, response.Headers.ETag, Encoding.UTF8.GetString(body.GetBuffer(), 0, (int)body.Length));
}

/// <summary>Somebody's words are erased: drop every kept answer that names them. Words stand beside their author's id, whoever reads them.</summary>
public sealed record ForgetAnswers(Guid PersonId, int Round = 0);

public static class ForgetAnswersHandler
{
    // Requests that were under way may still keep an answer, and a name may be remembered for a minute: look again, twice.
    private static readonly TimeSpan[] Again = [TimeSpan.FromSeconds(15), TimeSpan.FromMinutes(2)];

    public static OutgoingMessages Handle(ForgetAnswers command, IDocumentSession session)
    {
        foreach (var kept in new[] { "answer", "decided" })
            session.QueueSqlCommand(
                $"update {IdempotentRequest.Table(session)} set data = data - '{kept}' where data ->> 'callerId' = ? or strpos(data ->> '{kept}', ?) > 0",
                command.PersonId.ToString(), command.PersonId.ToString());

        OutgoingMessages messages = [];
        if (command.Round < Again.Length)
            messages.Delay(command with { Round = command.Round + 1 }, Again[command.Round]);

        return messages;
    }

    public static void ForgetErasedAnswers(this MartenIntegration events)
    {
        events.SubscribeToEvent<UserErased>().TransformedTo(e => new ForgetAnswers(e.Data.UserId));
        events.SubscribeToEvent<TicketWritingErased>().TransformedTo(e => new ForgetAnswers(e.Data.WriterId, Again.Length));
    }
}

public static class IdempotencyRecords
{
    public static IServiceCollection AddIdempotency(this IServiceCollection services)
    {
        services.ConfigureMarten(store => store.RegisterDocumentType<IdempotentRequest>());
        services.AddSingleton<SweepIdempotency>().AddHostedService(provider => provider.GetRequiredService<SweepIdempotency>());
        return services;
    }
}

/// <summary>Once an hour, what is older than a day goes. Several nodes may do it at once.</summary>
public sealed class SweepIdempotency(IDocumentStore store, TimeProvider clock, ILogger<SweepIdempotency> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            try
            {
                await SweepAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogWarning(e, "Old idempotency records could not be swept; the next hour tries again");
            }
    }

    public async Task SweepAsync(CancellationToken ct)
    {
        await using var session = store.LightweightSession();
        session.QueueSqlCommand($"delete from {IdempotentRequest.Table(session)} where not ({IdempotentRequest.IsYoung})");
        await session.SaveChangesAsync(ct);
    }
}
