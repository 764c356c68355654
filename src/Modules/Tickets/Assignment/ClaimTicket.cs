using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Assignment;

public sealed record ClaimTicket : TicketRequest;

/// <summary>Somebody takes a ticket that is nobody's. Of several at once the first one gets it; the others hear who that was.</summary>
public static class ClaimTicketEndpoint
{
    public static Task<Assignee> LoadAsync(CurrentUser user, IQuerySession session, CancellationToken ct) => Assignee.FindAsync(session, user.Id, ct);

    public static async Task<ProblemDetails> ValidateAsync(ClaimTicket request, Ticket? ticket, CurrentUser user, IfMatch match, IPeople people, CancellationToken ct) =>
        TicketGuard.Unseen(ticket, user) ?? AssignTicketEndpoint.StaffOnly(user) ?? request.FaultsFor(ticket!).Refusal
        ?? match.Stale(ticket!.Version) ?? TicketGuard.Frozen(ticket)
        ?? (ticket.AssigneeId == user.Id ? WolverineContinue.NoProblems
            : ticket.AssigneeId is { } winner ? AlreadyAssigned(new PersonView(winner, (await people.NamesAsync([winner], ct))[winner]))
            : ticket.IsOpen ? WolverineContinue.NoProblems
            : Refuse.With(409, "ticket-completed", "The ticket is completed; there is nothing to do any more."));

    [WolverinePost("/api/tickets/{ticketId}/claim")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404),
        ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (TicketChanged, TicketAssigned?) Post(
        ClaimTicket _, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, CurrentUser user, Assignee self) =>
        ticket!.AssigneeId == user.Id
            ? (new TicketChanged(ticket.Id, "The ticket is yours already."), null)
            : (new TicketChanged(ticket.Id, "The ticket is yours."),
                new TicketAssigned(
                    ticket.Id, user.Id, user.Id, SkillMatch.Matched(self.Person?.Skills ?? [], ticket.RelatedSkills), "Claimed it.", null, ticket.IsOpen));

    private static ProblemDetails AlreadyAssigned(PersonView winner)
    {
        var problem = Refuse.With(409, "already-assigned", $"{winner.Name} has the ticket already.");
        problem.Extensions["assignedTo"] = winner;
        return problem;
    }
}
