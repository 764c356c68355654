namespace TicMate.Identity.Passwords;

/// <summary>How an account proves itself. Outside the event streams, and never shown.</summary>
public sealed record Credential(Guid Id, string PasswordHash);
