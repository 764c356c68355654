using Marten;
using Marten.Patching;
using TicMate.Identity.Contracts;
using TicMate.Identity.Sessions;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Identity.Profile;

public sealed record UpdateProfile(Field<string> Name, Field<string> Email);

public static class UpdateProfileEndpoint
{
    public static ProblemDetails Before(UpdateProfile request) => new Faults()
        .When(request is { Name.IsGiven: true, Name.Value: "" }, "name", "Name must not be empty.")
        .OptionalLine("name", request.Name, 100)
        .Email("email", request.Email, required: false)
        .Problem;

    public static async Task<(PersonalData, EmailOwner)> LoadAsync(
        UpdateProfile request, CurrentUser user, IDocumentSession session, CancellationToken ct)
    {
        var owner = string.IsNullOrEmpty(request.Email.Value) ? null : await session.ReserveEmailAsync(request.Email.Value, ct);
        return ((await session.LoadAsync<PersonalData>(user.Id, ct))!, new EmailOwner(owner?.Id));
    }

    public static ProblemDetails Validate(EmailOwner owner, CurrentUser user) => owner.UserId is { } taker && taker != user.Id
        ? Refuse.With(409, "email-taken", "There is an account with this e-mail address already.")
        : WolverineContinue.NoProblems;

    [WolverinePut("/api/auth/update")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(409)]
    public static (AccountChanged, ProfileChanged?, ChangePersonalData) Put(
        UpdateProfile request, PersonalData person, [WriteModel(FromClaim = SessionClaims.UserId)] User account)
    {
        var change = ChangePersonalData.Of(person, request.Name, request.Email);
        return (
            new AccountChanged(account.Id, "Your profile is saved."),
            change.Fields is [] ? null : new ProfileChanged(account.Id, change.Fields),
            change);
    }
}

/// <summary>Whose the wanted address is now.</summary>
public sealed record EmailOwner(Guid? UserId);

/// <summary>Sets the members that are not null and leaves the others alone: a sign-in may be writing at the same moment.</summary>
public sealed record ChangePersonalData(Guid UserId, string? Name, string? Email) : IMartenOp
{
    /// <summary>What of the wishes would change anything.</summary>
    public static ChangePersonalData Of(PersonalData person, Field<string> name, Field<string> email) =>
        new(person.Id, Changed(name, person.Name), Changed(email, person.Email));

    /// <summary>The names of what changes, for the event, which never holds the values.</summary>
    public string[] Fields => [.. new[] { Name is null ? null : "name", Email is null ? null : "email" }.OfType<string>()];

    public void Execute(IDocumentSession session)
    {
        if (Name is not null)
            session.Patch<PersonalData>(UserId).Set(p => p.Name, Name);

        if (Email is not null)
            session.Patch<PersonalData>(UserId).Set(p => p.Email, Email).Set(p => p.EmailKey, PersonalData.Key(Email));
    }

    private static string? Changed(Field<string> given, string now) =>
        given.Value?.Trim() is { Length: > 0 } value && value != now ? value : null;
}
