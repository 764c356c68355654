using System.Collections.Frozen;

namespace TicMate.Identity.Contracts;

/// <summary>Who is asking. Take it as an endpoint parameter; the host fills it in from the session, never from the token's own claims.</summary>
public sealed record CurrentUser(Guid Id, string Role, Guid SessionId)
{
    /// <summary>The API key that a program of this person called with; there is no session then.</summary>
    public Guid? ApiKeyId { get; init; }

    /// <summary>What the person is known to be good at.</summary>
    public string[] Skills { get; init; } = [];

    public bool IsStaff => Role is Roles.Moderator or Roles.Admin;
}

/// <summary>What a person may be; the values are those of the wire.</summary>
public static class Roles
{
    public const string User = "user";
    public const string Moderator = "moderator";
    public const string Admin = "admin";

    public static readonly FrozenSet<string> Words = [User, Moderator, Admin];

    /// <summary>For <c>[Authorize(Roles = Roles.Staff)]</c>.</summary>
    public const string Staff = Moderator + "," + Admin;
}
