using System.Collections.Frozen;
using JasperFx.Events;

namespace TicMate.Identity.Contracts;

/// <summary>What events of accounts and sessions changed, as field, before and after. Names, addresses and secrets are in no event, so none is here.</summary>
public static class AccountChanges
{
    // The very methods that make the document, so that the past cannot differ from it.
    private static readonly FrozenDictionary<Type, Func<User?, IEvent, User>> Steps = typeof(User).GetMethods()
        .Where(method => method.Name is nameof(User.Create) or nameof(User.Apply))
        .Select(method => (Method: method, Takes: method.GetParameters()[0].ParameterType))
        .ToFrozenDictionary(
            step => step.Takes.IsGenericType ? step.Takes.GetGenericArguments()[0] : step.Takes,
            step => (Func<User?, IEvent, User>)((user, e) => (User)step.Method.Invoke(user, [step.Takes.IsGenericType ? e : e.Data])!));

    private static readonly (string Name, Func<User, object?> Read)[] Fields =
    [
        ("role", user => user.Role), ("skills", user => user.Skills), ("capacity", user => user.Capacity), ("isActive", user => user.IsActive),
        ("isEmailVerified", user => user.IsEmailVerified), ("isErased", user => user.IsErased),
    ];

    /// <summary>What each event of one account's stream changed, from the first on; by the id of the event.</summary>
    public static IEnumerable<(Guid EventId, IReadOnlyList<ChangeView> Changes)> Of(IEnumerable<IEvent> events)
    {
        User? before = null;
        foreach (var e in events)
        {
            var after = Steps.TryGetValue(e.Data.GetType(), out var step) ? step(before, e) : before;
            yield return (e.Id, [.. Between(before, after), .. Of(e.Data)]);
            before = after;
        }
    }

    /// <summary>What an event says of itself, without what was before it.</summary>
    public static IReadOnlyList<ChangeView> Of(object data) => data switch
    {
        EmailChanged => [new("email", null, null)],
        ProfileChanged e => [.. e.Fields.Select(field => new ChangeView(field, null, null))],
        PasswordChanged or PasswordReset => [new("password", null, null)],
        ApiKeyCreated e => [new("apiKey", null, e.KeyId), new("scopes", null, e.Scopes), new("expiresAt", null, e.ExpiresAt)],
        ApiKeyRevoked e => [new("apiKey", e.KeyId, null)],
        SignedIn e => [new("session", null, e.Kind)],
        SessionEnded e => [new("session", "open", e.Reason)],
        SignInFailed e => [new("signIn", null, e.Reason)],
        _ => [],
    };

    private static IEnumerable<ChangeView> Between(User? before, User? after)
    {
        if (after is null || ReferenceEquals(before, after))
            yield break;

        foreach (var (name, read) in Fields)
        {
            var (was, now) = (before is null ? null : read(before), read(after));
            if (!AreSame(was, now) && !(before is null && now is null or false or string[] { Length: 0 }))
                yield return new(name, was, now);
        }
    }

    private static bool AreSame(object? a, object? b) => a is string[] x && b is string[] y ? x.SequenceEqual(y) : Equals(a, b);
}
