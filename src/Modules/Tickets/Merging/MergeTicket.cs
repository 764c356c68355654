using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;

namespace TicMate.Tickets.Merging;

/// <param name="Version">What the sender saw of the ticket; the same as <c>If-Match</c>.</param>
/// <param name="IntoVersion">What the sender saw of the ticket that goes on.</param>
public sealed record MergeTicket(Reference? Into, Field<string> Reason, Number Version, Number IntoVersion) : TicketRequest;

public static class MergeTicketEndpoint
{
    public static Task<TicketPair> LoadAsync(Guid ticketId, MergeTicket request, CurrentUser user, IDocumentSession session, CancellationToken ct) =>
        TicketPair.HoldAsync(ticketId, request.Into?.Id ?? Reference.Nothing, user, session, ct);

    public static ProblemDetails Validate(MergeTicket request, TicketPair pair, CurrentUser user, IfMatch match)
    {
        if ((TicketGuard.Unseen(pair.Ticket, user) ?? TicketGuard.NotStaff(user)) is { } unseen)
            return unseen;

        var (source, target) = (pair.Ticket!, pair.Other);
        return request.FaultsFor(source)
                .When(target?.Id == source.Id, "into", "A ticket cannot be merged into itself.")
                .When(TicketGuard.Unseen(target, user) is not null, "into", "Into must be the id of another ticket.")
                .OptionalLine("reason", request.Reason, 500)
                .When(request.Version.IsMalformed, "version", "Version must be a whole number.")
                .When(request.IntoVersion.IsMalformed, "intoVersion", "IntoVersion must be a whole number.").Refusal
            ?? match.Stale(source.Version) ?? IfMatch.Of(request.Version.Value).Stale(source.Version) ?? IfMatch.Of(request.IntoVersion.Value).Stale(target!.Version)
            ?? (source.DeletedAt is null && source.MergedInto == target!.Id ? null : TicketGuard.Frozen(source) ?? Occupied(target!))
            ?? WolverineContinue.NoProblems;
    }

    [WolverinePost("/api/tickets/{ticketId}/merge")]
    [ProducesResponseType<TicketAnswer>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (TicketChanged, PairChanges) Post(MergeTicket request, TicketPair pair, CurrentUser user)
    {
        var (source, target, reason) = (pair.Ticket!, pair.Other!, request.Reason.Value?.Trim() ?? "");
        return source.MergedInto is not null
            ? (new TicketChanged(source.Id, $"The ticket is merged into #{target.Number} already."), new PairChanges(pair, null, null))
            : (new TicketChanged(source.Id, $"The ticket is merged into #{target.Number}, which goes on for it."),
                new PairChanges(
                    pair, new TicketMerged(source.Id, target.Id, user.Id, reason, source.IsOpen ? source.AssigneeId : null),
                    new TicketAbsorbed(target.Id, source.Id, user.Id, reason)));
    }

    // A chain of merges grows at its end only, so it can have no cycle.
    private static ProblemDetails? Occupied(Ticket target)
    {
        if (target.MergedInto is null)
            return TicketGuard.Frozen(target);

        var problem = Refuse.With(409, "merge-target-merged", "That ticket was merged itself; merge into the one that goes on for it.");
        problem.Extensions["mergedInto"] = target.MergedInto;
        return problem;
    }
}
