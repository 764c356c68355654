using System.Text.Json.Serialization;
using JasperFx.Events;

namespace TicMate.Identity.Contracts;

/// <summary>An account as its events left it. Other modules may read it, never write it; names are in <see cref="IPeople"/>.</summary>
public sealed record User
{
    public Guid Id { get; init; }
    public int Version { get; init; }
    public string Role { get; init; } = Roles.User;
    public string[] Skills { get; init; } = [];

    /// <summary>How many open tickets the agent may give this person; null for any number. People may give more.</summary>
    public int? Capacity { get; init; }

    public bool IsActive { get; init; } = true;
    public bool IsEmailVerified { get; init; }
    public bool IsErased { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>May be given tickets.</summary>
    [JsonIgnore]
    public bool MayWork => IsActive && Role is (Roles.Moderator or Roles.Admin);

    public static User Create(IEvent<UserRegistered> e) =>
        new() { Id = e.Data.UserId, Role = e.Data.Role, Skills = e.Data.Skills, CreatedAt = e.Timestamp };

    // An invited person is nobody's to verify: the link that sets the first password proves the address.
    public static User Create(IEvent<UserInvited> e) =>
        new() { Id = e.Data.UserId, Role = e.Data.Role, Skills = e.Data.Skills, CreatedAt = e.Timestamp };

    // A new address is unproved until EmailVerified says otherwise.
    public User Apply(EmailChanged _) => this with { IsEmailVerified = false };
    public User Apply(EmailVerified _) => this with { IsEmailVerified = true };
    public User Apply(SkillsChanged e) => this with { Skills = e.Skills };
    public User Apply(CapacityChanged e) => this with { Capacity = e.To };
    public User Apply(RoleChanged e) => this with { Role = e.To };
    public User Apply(UserDeactivated _) => this with { IsActive = false };
    public User Apply(UserActivated _) => this with { IsActive = true };
    public User Apply(UserErased _) => this with { IsActive = false, IsErased = true, Skills = [] };
}
