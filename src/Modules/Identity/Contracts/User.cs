using JasperFx.Events;

namespace TicMate.Identity.Contracts;

/// <summary>An account as its events left it. Other modules may read it, never write it; names are in <see cref="IPeople"/>.</summary>
public sealed record User
{
    public Guid Id { get; init; }
    public int Version { get; init; }
    public string Role { get; init; } = Roles.User;
    public string[] Skills { get; init; } = [];
    public bool IsActive { get; init; } = true;
    public bool IsEmailVerified { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    public static User Create(IEvent<UserRegistered> e) =>
        new() { Id = e.Data.UserId, Role = e.Data.Role, Skills = e.Data.Skills, CreatedAt = e.Timestamp };

    public User Apply(SkillsChanged e) => this with { Skills = e.Skills };
}
