namespace TicMate.Identity.Contracts;

/// <summary>Which accounts are asked for. What is null is not asked about.</summary>
/// <param name="Before">The account at which the page before ended: ids are time-ordered, and the newest come first.</param>
/// <param name="Words">A part of the name or of the address.</param>
public sealed record AccountFilter(int Limit, Guid? Before = null, string[]? Roles = null, bool? IsActive = null, bool? IsVerified = null, string[]? Skills = null, string? Words = null);

/// <param name="Id">As the person's own list of sessions has it.</param>
public sealed record OpenSession(Guid Id, DateTimeOffset CreatedAt, DateTimeOffset? LastSeenAt, string Kind);

/// <summary>Accounts as admins see them; those that were erased are not there.</summary>
public interface IAccounts
{
    /// <summary>So many accounts at most, the newest first.</summary>
    Task<IReadOnlyList<UserView>> ListAsync(AccountFilter filter, CancellationToken ct);

    Task<UserView?> FindAsync(Guid id, CancellationToken ct);

    /// <summary>The newest sessions of a person that are not over.</summary>
    Task<IReadOnlyList<OpenSession>> SessionsAsync(UserView user, CancellationToken ct);
}
