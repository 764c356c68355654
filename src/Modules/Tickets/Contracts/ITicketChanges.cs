using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Contracts;

/// <summary>What events of tickets changed, by the rules of the tickets' own history and as staff see it.</summary>
public interface ITicketChanges
{
    /// <param name="upTo">Tickets, and up to which version each is asked about.</param>
    /// <returns>The changes by the id of the event, for every event up to there.</returns>
    Task<IReadOnlyDictionary<Guid, IReadOnlyList<ChangeView>>> OfAsync(IReadOnlyDictionary<Guid, long> upTo, CancellationToken ct);
}
