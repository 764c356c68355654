using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Contracts;

// Everything that can happen to a note. It has a stream of its own beside its ticket's, so that nothing of it ever shows in the ticket's.

public sealed record NoteWritten(Guid NoteId, Guid TicketId, Guid AuthorId, string Message);

/// <summary>The author of a note put it differently.</summary>
public sealed record NoteCorrected(Guid NoteId, Guid TicketId, Guid AuthorId, string Message);

/// <summary>The author of a note took it back.</summary>
public sealed record NoteWithdrawn(Guid NoteId, Guid TicketId, Guid AuthorId);

/// <summary>The words of a note were erased, in the older events as well.</summary>
public sealed record NoteErased(Guid NoteId, Guid TicketId) : IRedaction
{
    public Guid[] Redacts { get; init; } = [];
}
