using JasperFx.Events;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Sessions;

/// <summary>A sign-in and what became of it. A token is worth what its session is worth.</summary>
public sealed record Session
{
    /// <summary>However it renews itself, no session is older than this.</summary>
    public static readonly TimeSpan LongestLife = TimeSpan.FromDays(30);

    public Guid Id { get; init; }
    public int Version { get; init; }
    public Guid UserId { get; init; }
    public string Kind { get; init; } = SessionKind.Cookie;
    public DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Ended, too old, or left alone for too long, by what its person may do now.</summary>
    public bool IsOver(string role, DateTimeOffset lastSeen, DateTimeOffset now) =>
        EndedAt is not null || now > StartedAt + Life(Kind, role) || now > lastSeen + Idle(Kind, role);

    private static TimeSpan Life(string kind, string role) =>
        kind is SessionKind.Cookie ? LongestLife : role is Roles.User ? TimeSpan.FromDays(14) : TimeSpan.FromHours(12);

    // A cookie needs no rule of its own, but for admins: its token is renewed by use and lasts a day, or half of one.
    private static TimeSpan Idle(string kind, string role) => (kind, role) switch
    {
        (_, Roles.Admin) or (SessionKind.Bearer, Roles.Moderator) => TimeSpan.FromHours(1),
        (SessionKind.Cookie, _) => LongestLife,
        _ => TimeSpan.FromDays(7),
    };

    public static Session Create(IEvent<SignedIn> e) =>
        new() { Id = e.Data.SessionId, UserId = e.Data.UserId, Kind = e.Data.Kind, StartedAt = e.Timestamp };

    public Session Apply(IEvent<SessionEnded> e) => this with { EndedAt = EndedAt ?? e.Timestamp };
}
