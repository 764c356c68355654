using System.Text.Json.Serialization;
using TicMate.Identity.Profile;

namespace TicMate.Identity.Contracts;

/// <summary>A user as the wire has it. Only the person and admins get to see it.</summary>
public record UserView(
    Guid Id, string Name, string Email, string Role, string[] Skills, bool IsActive, bool IsEmailVerified,
    DateTimeOffset CreatedAt, DateTimeOffset? LoginTime)
{
    /// <summary>The id once more, for the clients of the original API.</summary>
    [JsonPropertyName("_id")]
    public Guid UnderscoreId => Id;

    /// <summary>The new address while it waits to be confirmed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PendingEmail { get; init; }

    /// <summary>How many open tickets the agent may give this person; not there when any number.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Capacity { get; init; }

    public static UserView Of(User user, PersonalData profile) => new(
        user.Id, profile.Name, profile.Email, user.Role, user.Skills, user.IsActive, user.IsEmailVerified, user.CreatedAt, profile.LastSignInAt)
    {
        PendingEmail = profile.PendingEmail, Capacity = user.Capacity,
    };
}
