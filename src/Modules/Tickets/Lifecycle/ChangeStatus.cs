using System.Text.Json.Serialization;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Lifecycle;

/// <param name="Status">Where the ticket shall go; without it an open ticket is completed and a completed one reopened.</param>
public sealed record ChangeStatus(Field<string> Status) : TicketRequest
{
    public string Wanted(Ticket ticket) => this switch
    {
        { Status.Value: { Length: > 0 } word } => Contracts.Status.Of(word),
        _ => ticket.IsOpen ? Contracts.Status.Completed : Contracts.Status.Todo,
    };
}

public static class ChangeStatusEndpoint
{
    public static ProblemDetails Validate(ChangeStatus request, Ticket? ticket, CurrentUser user, IfMatch match) =>
        TicketGuard.Unseen(ticket, user) ?? NotTheirs(request.Wanted(ticket!), ticket!, user)
        ?? request.FaultsFor(ticket!).OneOf("status", request.Status, Contracts.Status.WordsAndAliases).Refusal
        ?? match.Stale(ticket!.Version) ?? TicketGuard.Frozen(ticket) ?? IllegalStep(ticket.Status, request.Wanted(ticket)) ?? WolverineContinue.NoProblems;

    [WolverinePut("/api/tickets/status/{ticketId}")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409)]
    public static (TicketChanged, TicketStatusChanged?) Put(
        ChangeStatus request, [WriteModel(LoadStyle = ModelConcurrencyStyle.Exclusive)] Ticket? ticket, CurrentUser user)
    {
        var wanted = request.Wanted(ticket!);
        return wanted == ticket!.Status
            ? (new TicketChanged(ticket.Id, $"The ticket is {wanted} already."), null)
            : (new TicketChanged(ticket.Id, $"The ticket is {wanted}."), new TicketStatusChanged(ticket.Id, user.Id, ticket.Status, wanted, ticket.AssigneeId));
    }

    /// <summary>403 when the owner of a ticket would do what is for staff.</summary>
    public static ProblemDetails? NotTheirs(string wanted, Ticket ticket, CurrentUser user) =>
        user.IsStaff || wanted == ticket.Status || !Contracts.Status.Words.Contains(wanted) || ticket.IsOpen == (wanted is Contracts.Status.Completed) ? null
        : Refuse.Forbidden("The owner of a ticket may complete it and reopen it; the rest is for staff.");

    /// <summary>409 with <c>allowed</c> when a ticket cannot go from one status to the other.</summary>
    public static ProblemDetails? IllegalStep(string from, string to)
    {
        if (from == to || Contracts.Status.After(from).Contains(to))
            return null;

        var problem = Refuse.With(409, "illegal-status", $"A ticket that is {from} cannot become {to}.");
        problem.Extensions["allowed"] = Contracts.Status.After(from);
        return problem;
    }
}
