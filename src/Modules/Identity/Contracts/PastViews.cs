using System.Text.Json.Serialization;

namespace TicMate.Identity.Contracts;

/// <summary>One field before and after, in a history. Of a reply, each text it ever had is somewhere in it.</summary>
public sealed record ChangeView(string Field, object? Before, object? After)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? ReplyId { get; init; }
}

/// <summary>Who did something, with the name they have now.</summary>
/// <param name="Kind">person, api-key, ai or system.</param>
/// <param name="Id">The person, also when a program called with their API key; for the agent and the service the name in the event.</param>
public sealed record ActorView(string Kind, string? Id, string Name)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? ApiKeyId { get; init; }

    public static ActorView Of(Actor actor, IReadOnlyDictionary<Guid, string> names, bool withKey) =>
        new(actor.Kind, actor.Id, actor.PersonId is { } person ? names[person] : actor.Name) { ApiKeyId = withKey ? actor.ApiKeyId : null };
}
