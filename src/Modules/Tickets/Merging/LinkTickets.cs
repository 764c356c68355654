using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;

namespace TicMate.Tickets.Merging;

/// <param name="Kind">What this ticket is to the other one; without it they are related.</param>
public sealed record LinkTickets(Reference? To, Field<string> Kind) : TicketRequest;

public static class LinkTicketsEndpoint
{
    private const int Most = 100;

    public static Task<TicketPair> LoadAsync(Guid ticketId, LinkTickets request, CurrentUser user, IDocumentSession session, CancellationToken ct) =>
        TicketPair.HoldAsync(ticketId, request.To?.Id ?? Reference.Nothing, user, session, ct);

    public static ProblemDetails Validate(LinkTickets request, TicketPair pair, CurrentUser user, IfMatch match) =>
        TicketGuard.Unseen(pair.Ticket, user) ?? TicketGuard.NotStaff(user)
        ?? request.FaultsFor(pair.Ticket!)
            .When(TicketGuard.Unseen(pair.Other, user) is not null || pair.Other!.Id == pair.Ticket!.Id, "to", "To must be the id of another ticket.")
            .OneOf("kind", request.Kind, LinkKind.Words).Refusal
        ?? match.Stale(pair.Ticket!.Version) ?? TicketGuard.Frozen(pair.Ticket) ?? TicketGuard.Frozen(pair.Other!)
        ?? (Math.Max(pair.Ticket.Links.Length, pair.Other!.Links.Length) < Most ? null
            : Refuse.With(409, "too-many-links", $"A ticket has at most {Most} links."))
        ?? WolverineContinue.NoProblems;

    [WolverinePost("/api/tickets/{ticketId}/links")]
    [ProducesResponseType<TicketAnswer>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (TicketChanged, PairChanges) Post(LinkTickets request, TicketPair pair, CurrentUser user)
    {
        var (ticket, other) = (pair.Ticket!, pair.Other!);
        var kind = string.IsNullOrEmpty(request.Kind.Value) ? LinkKind.Related : request.Kind.Value;

        return ticket.Links.Any(link => link.Id == other.Id && link.Kind == kind)
            ? (new TicketChanged(ticket.Id, $"The ticket is linked to #{other.Number} already."), new PairChanges(pair, null, null))
            : (new TicketChanged(ticket.Id, $"The ticket is linked to #{other.Number}."),
                new PairChanges(
                    pair, new TicketLinked(ticket.Id, other.Id, other.Number, kind, user.Id),
                    new TicketLinked(other.Id, ticket.Id, ticket.Number, LinkKind.Of(kind), user.Id)));
    }
}

public static class UnlinkTicketsEndpoint
{
    public static Task<TicketPair> LoadAsync(Guid ticketId, Guid otherId, CurrentUser user, IDocumentSession session, CancellationToken ct) =>
        TicketPair.HoldAsync(ticketId, otherId, user, session, ct);

    public static ProblemDetails Validate(Guid otherId, TicketPair pair, CurrentUser user, IfMatch match) =>
        TicketGuard.Unseen(pair.Ticket, user) ?? TicketGuard.NotStaff(user)
        ?? (pair.Ticket!.Links.Any(link => link.Id == otherId) ? null : Refuse.NotFound("link"))
        ?? match.Stale(pair.Ticket.Version) ?? TicketGuard.Frozen(pair.Ticket) ?? WolverineContinue.NoProblems;

    [WolverineDelete("/api/tickets/{ticketId}/links/{otherId}")]
    [ProducesResponseType<TicketAnswer>(200), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (TicketChanged, PairChanges) Delete(Guid otherId, [NotBody] TicketPair pair, [NotBody] CurrentUser user) =>
        (new TicketChanged(pair.Ticket!.Id, "The link is gone."),
            new PairChanges(pair, new TicketUnlinked(pair.Ticket.Id, otherId, user.Id), new TicketUnlinked(otherId, pair.Ticket.Id, user.Id)));
}
