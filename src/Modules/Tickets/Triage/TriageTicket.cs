using JasperFx.Core;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Triage.Costs;
using Wolverine;

namespace TicMate.Tickets.Triage;

/// <summary>Ask for advice on a ticket's text. Holds the id only: what waits in the queue tells nothing about anyone.</summary>
/// <param name="Round">Which asking this is; null for the newest.</param>
/// <param name="Attempt">Which try of it; null for the first.</param>
public sealed record TriageTicket(Guid TicketId, int? Round = null, int? Attempt = null);

/// <summary>Asks the advisor and writes nothing, so a slow paid call holds neither a stream nor a connection.</summary>
public static class TriageTicketHandler
{
    /// <summary>How often a model that does not answer is asked before the built-in advisor stands in.</summary>
    public const int Tries = 3;

    private static readonly TimeSpan[] Pauses = [1.Seconds(), 5.Seconds()];

    public static Task<Ticket?> LoadAsync(TriageTicket command, IQuerySession session, CancellationToken ct) =>
        session.LoadAsync<Ticket>(command.TicketId, ct);

    // Messages may arrive twice, and late: the text may be another one by now, which has a message of its own.
    public static HandlerContinuation Validate(TriageTicket command, Ticket? ticket) =>
        ticket is { IsErased: false, Agent.State: AgentState.Pending } && (command.Round ?? ticket.TriageRound) == ticket.TriageRound
            ? HandlerContinuation.Continue : HandlerContinuation.Stop;

    /// <summary>The advice, or another try later: that a provider is away for a while is no error, and leaves no stack in the log.</summary>
    public static async Task<(RecordTriage?, DeliveryMessage<TriageTicket>?)> HandleAsync(
        TriageTicket command, Ticket ticket, TriageAdvisors advisors, TriageKnowledge knowledge, ModelClaims claims, CancellationToken ct)
    {
        var attempt = command.Attempt ?? 1;
        var text = new TicketText(ticket.Title, ticket.Description) { TicketId = ticket.Id };
        var installation = await knowledge.CurrentAsync(ct);
        var (advice, failure, isPassing) = advisors.Model is { } model ? await AskAsync(model, text, installation, claims, ticket, attempt, ct) : (null, null, false);
        if (isPassing)
            return (null, (command with { Round = ticket.TriageRound, Attempt = attempt + 1 }).DelayedFor(Pauses[attempt - 1]));

        var byWords = await new BuiltInAdvisor(failure).AdviseAsync(text, installation, ct);
        return (new RecordTriage(command.TicketId, ticket.TriageRound, Backed(advice, byWords), failure), null);
    }

    /// <summary>
    /// Words cannot be steered beyond what they say: the built-in advice is never held back, and stands in for the model's, as far as who gets
    /// the ticket, where that is.
    /// </summary>
    public static TriageAdvice Backed(TriageAdvice? advice, TriageAdvice byWords) =>
        advice is null ? byWords : advice.InjectionSuspected ? advice with { SkillsByWords = byWords.Skills } : advice;

    // What may pass is left to the next try; the rest, and the last try, ends here.
    private static async Task<(TriageAdvice?, string?, bool IsPassing)> AskAsync(
        ITriageAdvisor model, TicketText text, Installation installation, ModelClaims claims, Ticket ticket, int attempt, CancellationToken ct)
    {
        if (!await claims.TakeAsync(ticket.Id, ticket.TriageRound, ct))
            return (null, $"{model.Name}: interrupted", false);
        try
        {
            return (await model.AdviseAsync(text, installation, ct), null, false);
        }
        catch (ModelUnavailableException e) when (IsFinal(e, attempt))
        {
            return (null, e.Reason is AgentState.Budget ? AgentState.Budget : $"{model.Name}: {e.Reason}", false);
        }
        catch (ModelUnavailableException)
        {
            await claims.GiveBackAsync(ticket.Id, ticket.TriageRound, ct);
            return (null, null, true);
        }
        catch (HeldException)
        {
            await claims.GiveBackAsync(ticket.Id, ticket.TriageRound, ct);
            throw;
        }
        catch (InvalidAnswerException)
        {
            return (null, $"{model.Name}: invalid-answer", false);
        }
    }

    /// <summary>Nothing is gained by another try, or the provider wants to be left alone for longer than all of them would wait.</summary>
    public static bool IsFinal(ModelUnavailableException e, int attempt) =>
        !e.Transient || attempt >= Tries || e.RetryAfter > new TimeSpan(Pauses.Skip(Math.Max(attempt, 1) - 1).Sum(pause => pause.Ticks));
}
