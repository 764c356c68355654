using Marten;
using TicMate.Identity.Contracts;

namespace TicMate.Admin.Users;

/// <param name="Kind">person, api-key, ai or system.</param>
public sealed record WhoView(string Kind, string? Id, string Name);

/// <summary>Something that happened to an account.</summary>
/// <param name="Seq">The place of the event among all that ever happened here.</param>
public sealed record AccountMoment(long Seq, long Version, DateTimeOffset At, string Type, WhoView Actor);

/// <param name="Sessions">Those that are not over, the newest first.</param>
/// <param name="History">What last happened to the account, the newest first.</param>
public sealed record UserDetailAnswer(UserRow User, IReadOnlyList<OpenSession> Sessions, IReadOnlyList<AccountMoment> History) : Answer;

public static class GetUserEndpoint
{
    private const int Recent = 25;

    public static Task<UserView?> LoadAsync(Guid userId, IAccounts accounts, CancellationToken ct) => accounts.FindAsync(userId, ct);

    public static ProblemDetails Validate(UserView? user, HttpContext http) => user is null ? Refuse.NotFound("user")
        : http.Request.Query.Keys.Aggregate(new Faults(), (faults, name) => faults.Add(name, $"{name} is not a parameter of this route.")).Problem;

    /// <summary>One account: its sessions, and what last happened to it.</summary>
    [Authorize(Roles = Roles.Admin), WolverineGet("/api/admin/users/{userId}")]
    [ProducesResponseType<UserDetailAnswer>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<UserDetailAnswer> Get(
        Guid userId, UserView? user, IAccounts accounts, UserRows rows, IPeople people, IQuerySession session, CancellationToken ct)
    {
        var events = await session.Events.QueryAllRawEvents().Where(e => e.StreamId == userId).OrderByDescending(e => e.Version).Take(Recent).ToListAsync(ct);
        var actors = events.Select(e => Actor.Of(e.UserName)).ToArray();
        var names = await people.NamesAsync([.. actors.Select(actor => actor.PersonId).OfType<Guid>().Distinct()], ct);
        return new(
            (await rows.OfAsync([user!], ct))[0], await accounts.SessionsAsync(user!, ct),
            [.. events.Zip(actors, (e, actor) => new AccountMoment(
                e.Sequence, e.Version, e.Timestamp, e.EventTypeName, new(actor.Kind, actor.Id, actor.PersonId is { } person ? names[person] : actor.Name)))]);
    }
}
