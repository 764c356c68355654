using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;
using TicMate.Tickets.Similar;
using Wolverine.Marten;

namespace TicMate.Tickets.Lifecycle;

/// <param name="Priority">From staff it stands; from anyone else it is a wish.</param>
/// <param name="Deadline">RFC 3339 time, or a plain date, which means the end of that day in UTC.</param>
public sealed record CreateTicket(
    Field<string> Title, Field<string> Description, Field<string> Category, Field<string> Deadline, Field<string> Priority);

public static class CreateTicketEndpoint
{
    public static ProblemDetails Validate(CreateTicket request, DateTimeOffset now) => new Faults()
        .Line("title", request.Title, 255)
        .Text("description", request.Description, 10_000)
        .OptionalLine("category", request.Category, 255)
        .Time("deadline", request.Deadline, now)
        .OneOf("priority", request.Priority, Contracts.Priority.Words)
        .Problem;

    public static Task<TicketNumber> LoadAsync(IQuerySession session, CancellationToken ct) => TicketNumber.NextAsync(session, ct);

    [WolverinePost("/api/tickets")]
    [ProducesResponseType<TicketAnswer>(201), ProducesResponseType<ProblemDetails>(400)]
    public static (TicketOpened, IStartStream) Post(CreateTicket request, TicketNumber number, CurrentUser author)
    {
        var id = Guid.CreateVersion7();
        var priority = string.IsNullOrEmpty(request.Priority.Value) ? null : request.Priority.Value;

        return (
            new TicketOpened(id, $"Ticket #{number.Value} is open."),
            MartenOps.StartStream<Ticket>(id, new TicketCreated(
                id, number.Value, author.Id, request.Title.Value!.Trim(), request.Description.Value!, request.Category.Value?.Trim() is { Length: > 0 } category ? category : null,
                WireTime.Parse(request.Deadline.Value), priority, priority is not null && author.IsStaff)));
    }
}
