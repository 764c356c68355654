using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Passwords;

namespace TicMate.Identity.Accounts;

/// <summary>How many active admins who can sign in there are besides one account. There is always at least one left.</summary>
public sealed record OtherAdmins(int Count)
{
    private const long AdminsLock = 0x7469636d61646d; // "ticmadm"

    /// <summary>Counts while nobody else can take an admin away: until this session's transaction ends, on any node.</summary>
    public static async Task<OtherAdmins> HoldAsync(IDocumentSession session, Guid besides, CancellationToken ct)
    {
        await session.BeginTransactionAsync(ct);
        await session.QueryAsync<int>("select 1 from (select pg_advisory_xact_lock(?)) locked", ct, AdminsLock);

        // Somebody who was invited and never set a password administers nothing.
        var admins = await session.Query<User>().Where(u => u.Role == Roles.Admin && u.IsActive && u.Id != besides).Select(u => u.Id).ToListAsync(ct);
        return new OtherAdmins(await session.Query<Credential>().CountAsync(c => c.Id.IsOneOf(admins.ToArray()), ct));
    }

    /// <summary>Why this account may not stop being an admin; nothing to say when it may.</summary>
    public ProblemDetails MayLose(User account) => account is { Role: Roles.Admin, IsActive: true } && Count == 0
        ? Refuse.With(409, "last-admin", "This is the last active admin. Make somebody else an admin first.")
        : WolverineContinue.NoProblems;
}
