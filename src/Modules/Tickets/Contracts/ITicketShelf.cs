using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Contracts;

/// <summary>Tickets for other modules to show.</summary>
public interface ITicketShelf
{
    /// <summary>The newest tickets that are not deleted, each as the lists have it for this reader.</summary>
    Task<IReadOnlyList<object>> NewestAsync(int count, CurrentUser reader, CancellationToken ct);
}
