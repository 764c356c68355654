using System.Text.Json.Serialization;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;
using Wolverine;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Assignment;

/// <summary>Whose work the ticket shall be; null or the empty text: nobody's.</summary>
public sealed record AssignTicket(
    Field<Reference> AssignedTo, Field<Reference> UserId, Field<Reference> Id, [property: JsonPropertyName("_id")] Field<Reference> UnderscoreId,
    [property: JsonPropertyName("ticketId")] Reference? Named = null)
{
    private Field<Reference> Given => AssignedTo.IsGiven ? AssignedTo : UserId.IsGiven ? UserId : Id.IsGiven ? Id : UnderscoreId;

    [JsonIgnore]
    public bool NamesSomething => Given.IsGiven;

    [JsonIgnore]
    public Guid? AssigneeId => Given.Value is { Text.Length: > 0 } named ? named.Id : Given.IsMalformed ? Reference.Nothing : null;
}

public static class AssignTicketEndpoint
{
    public static Task<Assignee> LoadAsync(AssignTicket request, IQuerySession session, CancellationToken ct) =>
        Assignee.FindAsync(session, request.AssigneeId, ct);

    public static ProblemDetails Validate(AssignTicket request, Ticket? ticket, CurrentUser user, Assignee assignee, IfMatch match) =>
        TicketGuard.Unseen(ticket, user) ?? StaffOnly(user)
        ?? new Faults().When(!request.NamesSomething, "assignedTo", "AssignedTo is required: a person's id, or null for nobody.")
            .When(!assignee.MayHaveTickets, "assignedTo", Assignee.Refusal)
            .When(Reference.IsAnother(ticket!.Id, request.Named), "ticketId", "The request names more than one ticket.").Refusal
        ?? match.Stale(ticket!.Version) ?? TicketGuard.Frozen(ticket) ?? WolverineContinue.NoProblems;

    [WolverinePost("/api/tickets/{ticketId}/assign")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404),
        ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (TicketChanged, TicketAssigned?, TicketUnassigned?, OutgoingMessages) Post(
        AssignTicket request, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, CurrentUser user, Assignee assignee)
    {
        var (id, wanted) = (ticket!.Id, assignee.Id);
        if (wanted == ticket.AssigneeId)
            return (new TicketChanged(id, wanted is null ? "The ticket is nobody's already." : "The ticket is theirs already."), null, null, []);

        if (wanted is { } person)
            return (
                new TicketChanged(id, "The ticket is assigned."),
                new TicketAssigned(
                    id, person, user.Id, SkillMatch.Matched(assignee.Person!.Skills, ticket.RelatedSkills), "Assigned by hand.",
                    ticket.AssigneeId, ticket.IsOpen),
                null, TellAssignee.Of(ticket, person, user.Id));

        return (
            new TicketChanged(id, "The ticket is nobody's now."), null, Unassign(ticket, user, "Taken off by hand."), HandOutTicket.GivenBack(ticket, user.Id));
    }

    /// <summary>403 for owners: whose work it is, is for those who do it.</summary>
    public static ProblemDetails? StaffOnly(CurrentUser user) => user.IsStaff ? null
        : Refuse.Forbidden("Who works on a ticket is for staff to decide and to see.");

    public static TicketUnassigned Unassign(Ticket ticket, CurrentUser user, string reason) =>
        new(ticket.Id, ticket.AssigneeId!.Value, reason, user.Id, ticket.IsOpen);
}
