namespace TicMate.Identity.Contracts;

/// <summary>
/// Something that happened to an account. When nobody is signed in (sign-up, a mailed link, the sign-in itself), the person whose account it is
/// is who acts: the password or the link was theirs.
/// </summary>
public interface IAccountEvent
{
    Guid UserId { get; }
}

// Everything that can happen to an account, in the order it usually happens. Who a person is (name, address, password) is
// in documents beside the stream and never in an event; who did it is metadata.
public sealed record UserRegistered(Guid UserId, string Role, string[] Skills) : IAccountEvent;
public sealed record UserInvited(Guid UserId, string Role, string[] Skills) : IAccountEvent;
public sealed record EmailVerified(Guid UserId) : IAccountEvent;
public sealed record EmailChanged(Guid UserId) : IAccountEvent;
public sealed record ProfileChanged(Guid UserId, string[] Fields) : IAccountEvent;
public sealed record SkillsChanged(Guid UserId, string[] Skills) : IAccountEvent;

/// <param name="To">How many open tickets the agent may give this person; null for any number.</param>
public sealed record CapacityChanged(Guid UserId, int? To) : IAccountEvent;

public sealed record PasswordChanged(Guid UserId) : IAccountEvent;
public sealed record PasswordReset(Guid UserId) : IAccountEvent;
public sealed record RoleChanged(Guid UserId, string From, string To) : IAccountEvent;
public sealed record UserDeactivated(Guid UserId) : IAccountEvent;
public sealed record UserActivated(Guid UserId) : IAccountEvent;
public sealed record ApiKeyCreated(Guid UserId, Guid KeyId, string[] Scopes, DateTimeOffset ExpiresAt) : IAccountEvent;
public sealed record ApiKeyFirstUsed(Guid UserId, Guid KeyId) : IAccountEvent;
public sealed record ApiKeyRevoked(Guid UserId, Guid KeyId) : IAccountEvent;
public sealed record PersonalDataExported(Guid UserId) : IAccountEvent;
public sealed record UserErased(Guid UserId) : IAccountEvent;

/// <summary>What an erased person's older events said of them was erased as well.</summary>
public sealed record UserTracesErased(Guid UserId) : IAccountEvent, IRedaction
{
    public Guid[] Redacts { get; init; } = [];
}

// What happens to a session; its stream is the session's own.
public sealed record SignedIn(Guid SessionId, Guid UserId) : IAccountEvent
{
    public string Kind { get; init; } = SessionKind.Cookie;
}

/// <summary>How a session keeps itself alive: a browser's cookie by being used, a program's token by being refreshed.</summary>
public static class SessionKind
{
    public const string Cookie = "cookie", Bearer = "bearer";
}

public sealed record RefreshTokenReused(Guid SessionId, Guid UserId);

/// <param name="Reason">Why: signed-out, signed-out-everywhere, ended-elsewhere, password-changed, password-reset, role-changed, deactivated, erased, token-reused.</param>
public sealed record SessionEnded(Guid SessionId, Guid UserId, string Reason);

/// <summary>A wrong password, in a stream of failures kept apart from the account's own.</summary>
/// <param name="UserId">Whose account was meant; null when there is none.</param>
public sealed record SignInFailed(Guid? UserId, string Reason);
