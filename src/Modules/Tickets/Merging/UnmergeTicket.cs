using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Assignment;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;
using Wolverine;

namespace TicMate.Tickets.Merging;

public sealed record UnmergeTicket(Number Version) : TicketRequest;

/// <summary>Makes a merged ticket stand for itself again, as it stood. What was said meanwhile stays where it was said.</summary>
public static class UnmergeTicketEndpoint
{
    public static async Task<TicketPair> LoadAsync(Guid ticketId, CurrentUser user, IDocumentSession session, CancellationToken ct)
    {
        var ticket = await session.LoadAsync<Ticket>(ticketId, ct);
        return ticket?.MergedInto is { } target ? await TicketPair.HoldAsync(ticketId, target, user, session, ct) : new TicketPair(ticket, null);
    }

    public static ProblemDetails Validate(UnmergeTicket request, TicketPair pair, CurrentUser user, IfMatch match) =>
        TicketGuard.Unseen(pair.Ticket, user) ?? TicketGuard.NotStaff(user)
        ?? request.FaultsFor(pair.Ticket!).When(request.Version.IsMalformed, "version", "Version must be a whole number.").Refusal
        ?? match.Stale(pair.Ticket!.Version) ?? IfMatch.Of(request.Version.Value).Stale(pair.Ticket.Version)
        ?? (pair.Ticket.DeletedAt is not null ? TicketGuard.Frozen(pair.Ticket) : null)
        ?? (pair.Ticket.MergedInto is null ? Refuse.With(409, "not-merged", "The ticket is not merged into another one.") : null)
        ?? (pair.Ticket.MergedInto == pair.Other?.Id ? null
            : Refuse.With(409, "changed-meanwhile", "Someone else changed this at the same moment. Read it again and retry."))
        ?? WolverineContinue.NoProblems;

    [WolverinePost("/api/tickets/{ticketId}/unmerge")]
    [ProducesResponseType<TicketAnswer>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (TicketChanged, PairChanges, OutgoingMessages) Post(UnmergeTicket _, TicketPair pair, CurrentUser user)
    {
        var (source, target) = (pair.Ticket!, pair.Other!);
        var takenUp = source.BeforeMerge?.Status is Status.Completed ? null : source.AssigneeId;

        // Whose work it is again may have left meanwhile.
        return (
            new TicketChanged(source.Id, $"The ticket stands for itself again, apart from #{target.Number}."),
            new PairChanges(pair, new TicketUnmerged(source.Id, target.Id, user.Id, takenUp), new TicketSeparated(target.Id, source.Id, user.Id)),
            takenUp is { } assignee ? [new HandOnTicket(source.Id, assignee)] : []);
    }
}
