using JasperFx.Core;
using Marten;
using Wolverine;
using Wolverine.ErrorHandling;
using Wolverine.Runtime.Handlers;

namespace TicMate.Tickets.Triage;

/// <summary>Ask for advice on a new ticket. Holds the id only: what waits in the queue tells nothing about anyone.</summary>
public sealed record TriageTicket(Guid TicketId);

/// <summary>Asks the advisor and writes nothing, so a slow paid call holds neither a stream nor a connection.</summary>
public static class TriageTicketHandler
{
    private const int ModelTries = 3;

    public static void Configure(HandlerChain chain) =>
        chain.OnException<ModelUnavailableException>().ScheduleRetry(1.Seconds(), 5.Seconds(), 10.Seconds());

    public static Task<Ticket?> LoadAsync(TriageTicket command, IQuerySession session, CancellationToken ct) =>
        session.LoadAsync<Ticket>(command.TicketId, ct);

    public static HandlerContinuation Validate(Ticket? ticket) =>
        ticket is null or { TriagedBy: not null } ? HandlerContinuation.Stop : HandlerContinuation.Continue;

    public static async Task<RecordTriage> HandleAsync(
        TriageTicket command, Ticket ticket, Envelope envelope, TriageAdvisors advisors, TriageKnowledge knowledge, CancellationToken ct)
    {
        var modelFailed = advisors.Model is not null && envelope.Attempts > ModelTries;
        var advisor = modelFailed ? advisors.BuiltIn : advisors.Model ?? advisors.BuiltIn;
        var advice = await advisor.AdviseAsync(new TicketText(ticket.Title, ticket.Description), await knowledge.CurrentAsync(ct), ct);

        return new RecordTriage(command.TicketId, advice, modelFailed ? $"{advisors.Model!.Name} did not answer {ModelTries} times" : null);
    }
}
