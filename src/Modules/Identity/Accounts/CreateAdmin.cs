using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Passwords;
using TicMate.Identity.Profile;

namespace TicMate.Identity.Accounts;

/// <summary>Makes the first admin, from the machine itself: there is no open route to it.</summary>
public sealed class CreateAdmin(IDocumentStore store, PasswordHasher passwords)
{
    /// <summary>
    /// Makes an active admin with this password, or, without one, an invited admin. Refuses when there is an admin already, who can
    /// invite others, and when the address is somebody's: nobody is made an admin unasked.
    /// </summary>
    /// <returns>The new account, or why there is none.</returns>
    public async Task<(Guid UserId, string? Refusal)> RunAsync(string email, string name, string? password, CancellationToken ct)
    {
        var faults = new Faults().Line("name", name, 100).Email("email", email);
        if (password is not null)
            faults.NewPassword("password", password, name, email);
        if (faults.Problem is { Status: 400 } wrong)
            return (Guid.Empty, wrong.Detail);

        var hash = password is null ? null : await passwords.HashAsync(password, ct);
        await using var session = store.LightweightSession();
        session.LastModifiedBy = "command:create-admin";
        if ((await OtherAdmins.HoldAsync(session, Guid.Empty, ct)).Count > 0)
            return (Guid.Empty, "There is an active admin already. They can invite others: POST /api/admin/users.");
        if (await session.ReserveEmailAsync(email, ct) is not null)
            return (Guid.Empty, "There is an account with this address already. Choose another address.");

        var id = Guid.CreateVersion7();
        object[] events = hash is null
            ? [new UserInvited(id, Roles.Admin, [])]
            : [new UserRegistered(id, Roles.Admin, []), new EmailVerified(id)];
        session.Events.StartStream<User>(id, events);
        session.Store(new PersonalData { Id = id, Name = name.Trim(), Email = email.Trim() });
        if (hash is not null)
            session.Store(new Credential(id, hash));

        await session.SaveChangesAsync(ct);
        return (id, null);
    }
}
