using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Triage;

public sealed record AskAgain;

/// <summary>Somebody wants the agent to look at a ticket once more.</summary>
public static class AskAgainEndpoint
{
    public static ProblemDetails Validate(Ticket? ticket, CurrentUser user, IfMatch match) =>
        TicketGuard.Unseen(ticket, user)
        ?? (user.IsStaff ? null : Refuse.Forbidden("Advice is asked for by staff."))
        ?? match.Stale(ticket!.Version) ?? TicketGuard.Frozen(ticket) ?? WolverineContinue.NoProblems;

    [WolverinePost("/api/tickets/{ticketId}/triage")]
    [ProducesResponseType<TicketAnswer>(202), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (TicketChanged, TicketTriageRequested?) Post(
        AskAgain _, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, CurrentUser user) => ticket!.Agent.State is AgentState.Pending
        ? (new TicketChanged(ticket.Id, "The agent is looking at it already.", StatusCodes.Status202Accepted), null)
        : (new TicketChanged(ticket.Id, "The agent looks at it again.", StatusCodes.Status202Accepted), new TicketTriageRequested(ticket.Id, user.Id, "Asked for by a person."));
}
