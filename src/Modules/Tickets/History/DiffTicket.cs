using Marten;
using TicMate.Identity.Contracts;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.History;

/// <summary>What is different at one version of a ticket from another.</summary>
public sealed record DiffAnswer(int From, int To, IReadOnlyList<ChangeView> Changes) : Answer;

public sealed record VersionsToCompare(int From, int To);

public static class DiffTicketEndpoint
{
    public static (VersionsToCompare, ProblemDetails) Validate(Ticket? ticket, CurrentUser user, HttpContext http)
    {
        var query = http.Request.Query;
        var faults = new Faults();
        foreach (var unknown in query.Keys.Except(["from", "to"]))
            faults.Add(unknown, $"{unknown} is not a parameter of this route.");

        int Version(string name)
        {
            var version = query[name].Count == 1 ? Whole.Number(query[name]) : null;
            if (ticket is not null && version is not >= 1 || version > ticket?.Version)
                faults.Add(name, $"{name} must be a version from 1 to {ticket.Version}.");
            return version ?? 0;
        }

        return (new(Version("from"), Version("to")), TicketGuard.Unseen(ticket, user) ?? faults.Problem);
    }

    [WolverineGet("/api/tickets/{ticketId}/diff")]
    [ProducesResponseType<DiffAnswer>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<DiffAnswer> Get(
        [ReadModel] Ticket? ticket, VersionsToCompare versions, CurrentUser user, IQuerySession session, HistoryReader reader, CancellationToken ct)
    {
        var moments = Moment.Of(await session.Events.FetchStreamAsync(ticket!.Id, Math.Max(versions.From, versions.To), token: ct));
        var changes = Changes.Between(moments[versions.From - 1].After, moments[versions.To - 1].After);
        return new DiffAnswer(versions.From, versions.To, await reader.ViewAsync(changes, user, ct));
    }
}
