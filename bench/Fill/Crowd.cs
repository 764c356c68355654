using Weasel.Core;
using JasperFx.Events;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Passwords;
using TicMate.Identity.Profile;
using Microsoft.Extensions.DependencyInjection;

namespace TicMate.Bench.Fill;

/// <summary>The people of the filled database: who writes tickets, who works on them, and who is yet to come.</summary>
public sealed class Crowd
{
    /// <summary>The password of everybody who was filled in.</summary>
    public const string Password = "Benchmark1234@";

    private readonly List<Guid> users = [];
    private readonly Dictionary<string, List<Guid>> teams = [];

    public int Count { get; private set; }

    public IReadOnlyList<Guid> Users => users;

    public IReadOnlyList<Guid> Team(string[] skills) => teams[string.Join(',', skills)];

    /// <summary>Those who are there already.</summary>
    public static async Task<Crowd> OfAsync(IDocumentStore store, CancellationToken ct)
    {
        var crowd = new Crowd();
        await using var session = store.QuerySession();
        foreach (var user in await session.Query<User>().Where(user => user.IsActive).ToListAsync(ct))
            crowd.Add(user.Id, user.Role, user.Skills);
        return crowd;
    }

    /// <summary>Brings it to a size; everybody has come before a certain time.</summary>
    /// <returns>What happened to each of the new ones.</returns>
    public async Task<IReadOnlyList<StreamCopy>> GrowAsync(Service service, int size, int capacity, DateTimeOffset before, Chance chance, CancellationToken ct)
    {
        var hash = await service.Services.GetRequiredService<PasswordHasher>().HashAsync(Password, ct);
        List<StreamCopy> streams = [];
        List<PersonalData> persons = [];
        List<Credential> credentials = [];
        for (var n = Count; n < size; n++)
        {
            var (role, skills) = (n % 100) switch
            {
                0 => (Roles.Admin, (string[])[]),
                < 6 => (Roles.Moderator, ModelTickets.Teams[(n / 100 * 5 + n % 100) % ModelTickets.Teams.Length]),
                _ => (Roles.User, []),
            };
            var at = before - TimeSpan.FromDays(30) + chance.UpTo(TimeSpan.FromDays(29));
            var id = chance.Id(at);
            object[] told = [new UserRegistered(id, role, skills), new EmailVerified(id), .. role is Roles.Moderator ? [new CapacityChanged(id, capacity)] : (object[])[]];
            streams.Add(StreamCopy.Of<User>(id, service.Store, told, at, chance));
            persons.Add(new() { Id = id, Name = $"Person {n}", Email = $"person{n}@example.org" });
            credentials.Add(new(id, hash));
            Add(id, role, skills);
        }

        await service.Store.BulkInsertAsync(persons, BulkInsertMode.InsertsOnly, 1000, ct);
        await service.Store.BulkInsertAsync(credentials, BulkInsertMode.InsertsOnly, 1000, ct);
        return streams;
    }

    private void Add(Guid id, string role, string[] skills)
    {
        Count++;
        if (role is Roles.User)
            users.Add(id);
        else if (role is Roles.Moderator)
        {
            if (!teams.TryGetValue(string.Join(',', skills), out var team))
                teams[string.Join(',', skills)] = team = [];
            team.Add(id);
        }
    }
}
