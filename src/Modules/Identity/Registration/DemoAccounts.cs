using Marten;
using Microsoft.Extensions.Hosting;
using TicMate.Identity.Contracts;
using TicMate.Identity.Passwords;
using TicMate.Identity.Profile;

namespace TicMate.Identity.Registration;

/// <summary>Someone to sign in as on a fresh machine.</summary>
public sealed record DemoAccount(string Name, string Email, string Password, string Role, params string[] Skills);

/// <summary>
/// Makes the demo accounts when there is no account at all. Their passwords are public, so the host registers this in Development only.
/// </summary>
public sealed class DemoAccounts(IDocumentStore store, PasswordHasher passwords) : IHostedService
{
    public static readonly DemoAccount[] All =
    [
        new("Alex Admin", "admin@mail.com", "Admin1234@", Roles.Admin),
        new("Tess Test", "test@mail.com", "Test1234@", Roles.User),
        new("Ada Frontend", "ada@mail.com", "Moderator1234@", Roles.Moderator, "React", "JavaScript", "CSS", "Accessibility"),
        new("Ben Backend", "ben@mail.com", "Moderator1234@", Roles.Moderator, "Node.js", "PostgreSQL", "Performance", "Payments"),
        new("Cleo Operations", "cleo@mail.com", "Moderator1234@", Roles.Moderator, "Deployment", "CORS", "Networking", "Docker"),
        new("Dan Helpdesk", "dan@mail.com", "Moderator1234@", Roles.Moderator, "Access", "Hardware", "Storage", "Purchase", "HR Support"),
    ];

    public async Task StartAsync(CancellationToken ct)
    {
        await using var session = store.LightweightSession();
        if (await session.Query<PersonalData>().AnyAsync(ct))
            return;

        foreach (var demo in All)
        {
            var id = Guid.CreateVersion7();
            session.Events.StartStream<User>(id, new UserRegistered(id, demo.Role, demo.Skills), new EmailVerified(id));
            session.Store(new PersonalData { Id = id, Name = demo.Name, Email = demo.Email });
            session.Store(new Credential(id, await passwords.HashAsync(demo.Password, ct)));
        }

        await session.SaveChangesAsync(ct);
    }

    public Task StopAsync(CancellationToken ct) => Task.CompletedTask;
}
