namespace TicMate.Identity.Contracts;

// Everything that can happen to an account, in the order it usually happens. Who a person is (name, address, password) is
// in documents beside the stream and never in an event; who did it is metadata.
public sealed record UserRegistered(Guid UserId, string Role, string[] Skills);
public sealed record UserInvited(Guid UserId, string Role, string[] Skills);
public sealed record EmailVerified(Guid UserId);
public sealed record EmailChanged(Guid UserId);
public sealed record ProfileChanged(Guid UserId, string[] Fields);
public sealed record SkillsChanged(Guid UserId, string[] Skills);
public sealed record PasswordChanged(Guid UserId);
public sealed record PasswordReset(Guid UserId);
public sealed record RoleChanged(Guid UserId, string From, string To);
public sealed record UserDeactivated(Guid UserId);
public sealed record UserActivated(Guid UserId);
public sealed record ApiKeyCreated(Guid UserId, Guid KeyId, string[] Scopes, DateTimeOffset ExpiresAt);
public sealed record ApiKeyFirstUsed(Guid UserId, Guid KeyId);
public sealed record ApiKeyRevoked(Guid UserId, Guid KeyId);
public sealed record PersonalDataExported(Guid UserId);
public sealed record UserErased(Guid UserId);

// What happens to a session; its stream is the session's own.
public sealed record SignedIn(Guid SessionId, Guid UserId)
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
