using JasperFx.Events;
using TicMate.Identity.Contracts;

namespace TicMate.Tests.Identity;

public sealed class AccountChangesTests
{
    private static readonly Guid Id = Guid.CreateVersion7(), Key = Guid.CreateVersion7();

    public static TheoryData<object[], string> Lives => new()
    {
        { [new UserRegistered(Id, "user", [])], "role: - > user, isActive: - > True" },
        { [new UserRegistered(Id, "user", ["a"]), new SkillsChanged(Id, ["b"])], "skills: a > b" },
        { [new UserRegistered(Id, "user", ["a"]), new SkillsChanged(Id, ["a"])], "" },
        { [new UserInvited(Id, "moderator", []), new RoleChanged(Id, "moderator", "admin")], "role: moderator > admin" },
        { [new UserRegistered(Id, "user", []), new CapacityChanged(Id, 5), new CapacityChanged(Id, null)], "capacity: 5 > -" },
        { [new UserRegistered(Id, "user", []), new EmailVerified(Id), new EmailChanged(Id)], "isEmailVerified: True > False, email: - > -" },
        { [new UserRegistered(Id, "user", []), new UserDeactivated(Id)], "isActive: True > False" },
        { [new UserRegistered(Id, "user", []), new ProfileChanged(Id, ["name"])], "name: - > -" },
        { [new UserRegistered(Id, "user", []), new PasswordReset(Id)], "password: - > -" },
        { [new UserRegistered(Id, "user", []), new ApiKeyRevoked(Id, Key)], $"apiKey: {Key} > -" },
        { [new SignedIn(Key, Id)], "session: - > cookie" },
        { [new SessionEnded(Key, Id, "signed-out")], "session: open > signed-out" },
        { [new SignInFailed(null, "unknown-address")], "signIn: - > unknown-address" },
    };

    [Theory, MemberData(nameof(Lives))]
    public void The_last_event_of_a_stream_changed_just_this(object[] life, string changes) =>
        string.Join(", ", AccountChanges.Of(life.Select(Wrapped)).Last().Changes.Select(c => $"{c.Field}: {Text(c.Before)} > {Text(c.After)}")).ShouldBe(changes);

    private static string Text(object? value) => value is string[] many ? string.Join(' ', many) : $"{value ?? "-"}";

    private static IEvent Wrapped(object data) => (IEvent)Activator.CreateInstance(typeof(Event<>).MakeGenericType(data.GetType()), data)!;
}
