using TicMate.Identity.ApiKeys;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Sessions;

/// <summary>A session and its person as they are now.</summary>
public sealed record Standing(Session Session, User User, DateTimeOffset LastSeen)
{
    /// <summary>Over, even if it were used this very moment.</summary>
    public bool IsOver(DateTimeOffset now) => Session.UserId != User.Id || !User.IsActive || Session.IsOver(User.Role, now, now);

    public bool IsIdle(DateTimeOffset now) => Session.IsOver(User.Role, LastSeen, now);
}

/// <summary>An API key and its person as they are now.</summary>
public sealed record KeyStanding(ApiKey Key, User User, DateTimeOffset? LastUsed)
{
    public bool IsOver(DateTimeOffset now) => Key.UserId != User.Id || !User.IsActive || now >= Key.ExpiresAt;
}

/// <summary>
/// Who may call, remembered, so that a request needs no look-up. Good only while this node hears what others change: each sign of life
/// holds for a second, and without one nothing is known.
/// </summary>
public class SessionCache(TimeProvider clock)
{
    private const int Most = 50_000;
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly Recent<Guid, Standing> sessions = new(Most);
    private readonly Recent<string, KeyStanding> keys = new(Most);
    private readonly Recent<Guid, User> users = new(Most);
    private (long ReadIn, IReadOnlyList<User>? People) staff;
    private long epoch;
    private long? heard;

    /// <summary>A session or a person is not what it was; null: anything may have changed.</summary>
    public event Action<Guid?>? Forgotten;

    /// <summary>To be taken before reading from the database, and given back with what was read.</summary>
    public long Epoch => Interlocked.Read(ref epoch);

    public Standing? FindSession(Guid id)
    {
        lock (gate)
            return IsHearing && sessions.Find(id) is { } standing && IsCurrent(standing.User) ? standing : null;
    }

    public KeyStanding? FindKey(string prefix)
    {
        lock (gate)
            return IsHearing && keys.Find(prefix) is { } standing && IsCurrent(standing.User) ? standing : null;
    }

    /// <summary>Remembers what was read, unless something changed meanwhile: then it may have been read before the change.</summary>
    public void Put(long readIn, Standing standing)
    {
        lock (gate)
            if (readIn == epoch)
                sessions.Put(standing.Session.Id, standing with { User = Shared(standing.User) });
    }

    public void Put(long readIn, KeyStanding standing)
    {
        lock (gate)
            if (readIn == epoch)
                keys.Put(standing.Key.Prefix, standing with { User = Shared(standing.User) });
    }

    /// <summary>Everybody who may work on tickets; null when that may not be so any more.</summary>
    public IReadOnlyList<User>? FindStaff()
    {
        lock (gate)
            return IsHearing && staff.ReadIn == epoch ? staff.People : null;
    }

    public void PutStaff(long readIn, IReadOnlyList<User> people)
    {
        lock (gate)
            staff = (readIn, people);
    }

    /// <summary>A session or a person is not what it was.</summary>
    public virtual void Forget(Guid id)
    {
        lock (gate)
        {
            epoch++;
            sessions.Remove(id);
            users.Remove(id);
        }

        Forgotten?.Invoke(id);
    }

    /// <summary>Anything may have changed.</summary>
    public void ForgetAll()
    {
        lock (gate)
        {
            epoch++;
            sessions.Clear();
            keys.Clear();
            users.Clear();
        }

        Forgotten?.Invoke(null);
    }

    /// <summary>Everything changed before this moment, a timestamp of the clock, has been heard of.</summary>
    public virtual void Heard(long timestamp)
    {
        lock (gate)
            heard = timestamp;
    }

    /// <summary>Nobody tells this node anything any more.</summary>
    public virtual void Deaf()
    {
        lock (gate)
            heard = null;
    }

    private bool IsHearing => heard is { } at && clock.GetElapsedTime(at) < Lease;

    // All that is remembered of a person refers to one object; forgetting that one makes all of it stale at once.
    private User Shared(User user)
    {
        if (users.Find(user.Id) is { } known)
            return known;

        users.Put(user.Id, user);
        return user;
    }

    private bool IsCurrent(User user) => ReferenceEquals(users.Find(user.Id), user);
}
