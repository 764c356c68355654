namespace TicMate.Identity.Contracts;

// Everything that can happen to an account, in the order it usually happens. Who a person is (name, address, password) is
// in documents beside the stream and never in an event.
public sealed record UserRegistered(Guid UserId, string Role, string[] Skills);
public sealed record ProfileChanged(Guid UserId, string[] Fields);
public sealed record SkillsChanged(Guid UserId, string[] Skills);

// What happens to a session; its stream is the session's own.
public sealed record SignedIn(Guid SessionId, Guid UserId);
public sealed record SignedOut(Guid SessionId, Guid UserId);
