using Marten;

namespace TicMate.Identity.Contracts;

/// <summary>Names for ids. A rename shows at once where nodes hear each other, else within half a minute; an account that is gone is "deleted user".</summary>
public interface IPeople
{
    ValueTask<IReadOnlyDictionary<Guid, string>> NamesAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct);
}

/// <summary>Everybody who may work on tickets now, remembered until this node hears that somebody changed, which takes milliseconds.</summary>
public interface IStaff
{
    ValueTask<IReadOnlyList<User>> AllAsync(CancellationToken ct);
}

/// <summary>The published questions about people.</summary>
public static class People
{
    /// <summary>Everybody who may work on tickets now: active moderators and admins, with their skills.</summary>
    public static Task<IReadOnlyList<User>> StaffAsync(this IQuerySession session, CancellationToken ct) =>
        session.Query<User>().Where(u => u.IsActive && u.Role != Roles.User).ToListAsync(ct);
}
