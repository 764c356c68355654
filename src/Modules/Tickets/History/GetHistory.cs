using Marten;
using TicMate.Identity.Contracts;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Tickets.History;

/// <summary>A part of a ticket's history; <c>next</c> is the cursor of the part after it, null on the last.</summary>
public sealed record HistoryAnswer(IReadOnlyList<HistoryEntry> History, string? Next) : Answer;

public static class GetHistoryEndpoint
{
    public static (HistoryPage, ProblemDetails) Validate(Ticket? ticket, CurrentUser user, HttpContext http)
    {
        var (page, faults) = HistoryPage.Read(http.Request.Query);
        return (page, TicketGuard.Unseen(ticket, user) ?? faults ?? WolverineContinue.NoProblems);
    }

    [WolverineGet("/api/tickets/{ticketId}/history")]
    [ProducesResponseType<HistoryAnswer>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<HistoryAnswer> Get(
        [ReadModel] Ticket? ticket, HistoryPage page, CurrentUser user, IQuerySession session, HistoryReader reader, CancellationToken ct)
    {
        var moments = Moment.Of(await session.Events.FetchStreamAsync(ticket!.Id, token: ct));
        var (entries, next) = page.Of(await reader.ViewAsync(moments, user, ct));
        return new HistoryAnswer(entries, next);
    }
}
