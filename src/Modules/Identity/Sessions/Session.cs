using JasperFx.Events;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Sessions;

/// <summary>A sign-in and what became of it. A token is worth what its session is worth.</summary>
public sealed record Session
{
    /// <summary>However often a session renews itself, its person signs in again after this time.</summary>
    public static readonly TimeSpan LongestLife = TimeSpan.FromDays(30);

    public Guid Id { get; init; }
    public int Version { get; init; }
    public Guid UserId { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }

    public bool IsOver(DateTimeOffset now) => EndedAt is not null || now > StartedAt + LongestLife;

    public static Session Create(IEvent<SignedIn> e) => new() { Id = e.Data.SessionId, UserId = e.Data.UserId, StartedAt = e.Timestamp };
    public Session Apply(IEvent<SessionEnded> e) => this with { EndedAt = e.Timestamp };
}
