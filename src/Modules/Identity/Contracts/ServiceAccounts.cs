using Marten;
using TicMate.Identity.Profile;

namespace TicMate.Identity.Contracts;

/// <summary>Accounts that stand for the system. They have no password and no address, so nobody can sign in as one or be mailed for one.</summary>
public static class ServiceAccounts
{
    /// <summary>The author of every imported ticket.</summary>
    public static readonly Guid Importer = new("1c3a7e00-0000-4000-8000-000000000001");

    // No valid address: it can be neither registered by a stranger nor used to set a password.
    private const string ImportersAddress = "importer";

    public static async Task EnsureImporterAsync(this IDocumentStore store, CancellationToken ct)
    {
        await using var session = store.LightweightSession();
        await session.ReserveEmailAsync(ImportersAddress, ct);
        if (await session.LoadAsync<User>(Importer, ct) is not null)
            return;

        session.Events.StartStream<User>(Importer, new UserRegistered(Importer, Roles.User, []));
        session.Store(new PersonalData { Id = Importer, Name = "Importer", Email = ImportersAddress });
        await session.SaveChangesAsync(ct);
    }
}
