using JasperFx.Core;
using Marten;
using Wolverine;
using Wolverine.ErrorHandling;
using Wolverine.Runtime.Handlers;

namespace TicMate.Tickets.Triage;

/// <summary>Ask for advice on a ticket's text. Holds the id only: what waits in the queue tells nothing about anyone.</summary>
/// <param name="Round">Which asking this is; null for the newest.</param>
public sealed record TriageTicket(Guid TicketId, int? Round = null);

/// <summary>Asks the advisor and writes nothing, so a slow paid call holds neither a stream nor a connection.</summary>
public static class TriageTicketHandler
{
    /// <summary>How often a model that does not answer is asked before the built-in advisor stands in.</summary>
    public const int Tries = 3;

    public static void Configure(HandlerChain chain) =>
        chain.OnException<ModelUnavailableException>().ScheduleRetry(1.Seconds(), 5.Seconds());

    public static Task<Ticket?> LoadAsync(TriageTicket command, IQuerySession session, CancellationToken ct) =>
        session.LoadAsync<Ticket>(command.TicketId, ct);

    // Messages may arrive twice, and late: the text may be another one by now, which has a message of its own.
    public static HandlerContinuation Validate(TriageTicket command, Ticket? ticket) =>
        ticket is { IsErased: false, Agent.State: AgentState.Pending } && (command.Round ?? ticket.TriageRound) == ticket.TriageRound
            ? HandlerContinuation.Continue : HandlerContinuation.Stop;

    public static async Task<RecordTriage> HandleAsync(
        TriageTicket command, Ticket ticket, Envelope envelope, TriageAdvisors advisors, TriageKnowledge knowledge, CancellationToken ct)
    {
        var text = new TicketText(ticket.Title, ticket.Description) { TicketId = ticket.Id };
        var installation = await knowledge.CurrentAsync(ct);
        var (advice, failure) = advisors.Model is { } model ? await AskAsync(model, text, installation, envelope.Attempts, ct) : (null, null);

        var byWords = await new BuiltInAdvisor(failure).AdviseAsync(text, installation, ct);
        // Words cannot be steered beyond what they say, so the built-in advice is never held back, and stands behind the model's where that is.
        return new RecordTriage(command.TicketId, ticket.TriageRound, advice is null ? byWords : advice with { SkillsByWords = byWords.Skills }, failure);
    }

    // What may pass is left to the retries above; the rest, and the last try, ends here.
    private static async Task<(TriageAdvice?, string?)> AskAsync(
        ITriageAdvisor model, TicketText text, Installation installation, int attempt, CancellationToken ct)
    {
        try
        {
            return (await model.AdviseAsync(text, installation, ct), null);
        }
        catch (ModelUnavailableException e) when (!e.Transient || attempt >= Tries)
        {
            return (null, e.Reason is AgentState.Budget ? AgentState.Budget : $"{model.Name}: {e.Reason}");
        }
        catch (InvalidAnswerException)
        {
            return (null, $"{model.Name}: invalid-answer");
        }
    }
}
