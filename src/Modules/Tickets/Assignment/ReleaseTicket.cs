using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;
using Wolverine;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Assignment;

public sealed record ReleaseTicket : TicketRequest;

/// <summary>Somebody gives their ticket back. The agent looks for somebody else, and does not give it to them again.</summary>
public static class ReleaseTicketEndpoint
{
    public static ProblemDetails Validate(ReleaseTicket request, Ticket? ticket, CurrentUser user, IfMatch match) =>
        TicketGuard.Unseen(ticket, user) ?? AssignTicketEndpoint.StaffOnly(user) ?? NotTheirs(ticket!, user)
        ?? request.FaultsFor(ticket!).Refusal ?? match.Stale(ticket!.Version) ?? TicketGuard.Frozen(ticket) ?? WolverineContinue.NoProblems;

    [WolverinePost("/api/tickets/{ticketId}/release")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404),
        ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (TicketChanged, TicketUnassigned?, OutgoingMessages) Post(
        ReleaseTicket _, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, CurrentUser user) =>
        ticket!.AssigneeId is null
            ? (new TicketChanged(ticket.Id, "The ticket is nobody's already."), null, [])
            : (new TicketChanged(ticket.Id, "The ticket is given back."),
                AssignTicketEndpoint.Unassign(ticket, user, ticket.AssigneeId == user.Id ? "Gave it back." : "Taken off by an admin."),
                HandOutTicket.GivenBack(ticket, user.Id));

    private static ProblemDetails? NotTheirs(Ticket ticket, CurrentUser user) =>
        ticket.AssigneeId is null || ticket.AssigneeId == user.Id || user.Role is Roles.Admin ? null
        : Refuse.Forbidden("A ticket is given back by the one who has it. Assign it to somebody else, or to nobody, instead.");
}
