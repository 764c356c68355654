using System.Text.Json.Serialization;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.Lifecycle;

/// <param name="Status">Where the ticket shall go; without it an open ticket is completed and a completed one reopened.</param>
public sealed record ChangeStatus(
    Field<string> Status,
    [property: JsonPropertyName("ticketId")] Reference? Named = null, Reference? Id = null, [property: JsonPropertyName("_id")] Reference? UnderscoreId = null)
{
    /// <summary>A body may name the ticket again, but not another one.</summary>
    public bool NamesAnother(Ticket ticket) => new[] { Named, Id, UnderscoreId }.Any(named => named is { Text.Length: > 0 } && named.Id != ticket.Id);

    public string Wanted(Ticket ticket) => this switch
    {
        { Status.Value: { Length: > 0 } word } => Contracts.Status.Of(word),
        _ => ticket.IsOpen ? Contracts.Status.Completed : Contracts.Status.Todo,
    };
}

public static class ChangeStatusEndpoint
{
    public static ProblemDetails Validate(ChangeStatus request, Ticket? ticket, CurrentUser user)
    {
        if (ticket?.IsVisibleTo(user) is not true)
            return Refuse.NotFound("ticket");

        var wanted = request.Wanted(ticket);
        if (!user.IsStaff && ticket.IsOpen && wanted is Contracts.Status.Todo or Contracts.Status.InProgress or Contracts.Status.Waiting && wanted != ticket.Status)
            return Refuse.Forbidden("The owner of a ticket may complete it and reopen it; the rest is for staff.");

        if (new Faults().OneOf("status", request.Status, Contracts.Status.WordsAndAliases)
            .When(request.NamesAnother(ticket), "id", "The body names another ticket than the address.").Problem is { Status: 400 } faults)
            return faults;

        return wanted == ticket.Status || Contracts.Status.After(ticket.Status).Contains(wanted) ? WolverineContinue.NoProblems : IllegalStep(ticket.Status, wanted);
    }

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

    private static ProblemDetails IllegalStep(string from, string to)
    {
        var problem = Refuse.With(409, "illegal-status", $"A ticket that is {from} cannot become {to}.");
        problem.Extensions["allowed"] = Contracts.Status.After(from);
        return problem;
    }
}
