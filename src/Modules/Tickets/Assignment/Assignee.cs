using Marten;
using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Assignment;

/// <summary>Who shall get a ticket: somebody, or nobody when no id was given.</summary>
public sealed record Assignee(Guid? Id, User? Person)
{
    /// <summary>Looks the person up who a request wants to have the ticket.</summary>
    public static async Task<Assignee> FindAsync(IQuerySession session, Guid? id, CancellationToken ct) =>
        new(id, id is { } wanted ? await session.LoadAsync<User>(wanted, ct) : null);

    /// <summary>Nobody, or one of the active staff.</summary>
    public bool MayHaveTickets => Id is null || Person is { MayWork: true };

    /// <summary>The same for an id that nobody has and for somebody who may not have tickets.</summary>
    public const string Refusal = "Tickets can be assigned to active moderators and admins only.";
}
