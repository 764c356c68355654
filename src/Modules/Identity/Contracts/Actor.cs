namespace TicMate.Identity.Contracts;

/// <summary>
/// Who did something, as the user name of an event says: <c>{userId}</c> for a person, <c>{userId} key:{keyId}</c> for a program with a person's
/// API key, <c>agent:{name}</c> for the agent, <c>system:{part}</c> or <c>command:{name}</c> for the service itself.
/// </summary>
/// <param name="Id">The person's id, or the name as it stands.</param>
public sealed record Actor(string Kind, string? Id)
{
    public const string Person = "person", Ai = "ai", System = "system", ApiKey = "api-key";

    public Guid? PersonId { get; init; }
    public Guid? ApiKeyId { get; init; }

    /// <summary>What the agent or the part of the service is called; people have names of their own.</summary>
    public string Name { get; init; } = System;

    private const string KeyMark = " key:";

    /// <summary>The user name of what somebody does.</summary>
    public static string NameOf(Guid userId, Guid? apiKeyId) => apiKeyId is { } key ? $"{userId}{KeyMark}{key}" : userId.ToString();

    public static Actor Of(string? userName)
    {
        if (string.IsNullOrEmpty(userName))
            return new Actor(System, null);

        var (before, after) = Split(userName, KeyMark);
        if (Guid.TryParseExact(before, "D", out var person))
            return Guid.TryParseExact(after, "D", out var key)
                ? new(ApiKey, before) { PersonId = person, ApiKeyId = key } : new(Person, before) { PersonId = person };

        var (part, name) = Split(userName, ":");
        return new Actor(part is "agent" ? Ai : System, userName) { Name = name ?? userName };
    }

    private static (string Before, string? After) Split(string text, string mark) =>
        text.IndexOf(mark, StringComparison.Ordinal) is >= 0 and var at ? (text[..at], text[(at + mark.Length)..]) : (text, null);
}
