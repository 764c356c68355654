using Marten;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Accounts;

/// <summary>How many active admins there are besides one account. There is always at least one admin left.</summary>
public sealed record OtherAdmins(int Count)
{
    private const long AdminsLock = 0x7469636d61646d; // "ticmadm"

    /// <summary>Counts while nobody else can take an admin away: until this session's transaction ends, on any node.</summary>
    public static async Task<OtherAdmins> HoldAsync(IDocumentSession session, Guid besides, CancellationToken ct)
    {
        await session.BeginTransactionAsync(ct);
        await session.QueryAsync<int>("select 1 from (select pg_advisory_xact_lock(?)) locked", ct, AdminsLock);
        return new OtherAdmins(await session.Query<User>().CountAsync(u => u.Role == Roles.Admin && u.IsActive && u.Id != besides, ct));
    }

    /// <summary>Why this account may not stop being an admin; nothing to say when it may.</summary>
    public ProblemDetails MayLose(User account) => account is { Role: Roles.Admin, IsActive: true } && Count == 0
        ? Refuse.With(409, "last-admin", "This is the last active admin. Make somebody else an admin first.")
        : WolverineContinue.NoProblems;
}
