using Marten;
using Marten.Patching;
using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;
using TicMate.Identity.Links;
using TicMate.Identity.Sessions;
using Wolverine;
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

    public static async Task<(PersonalData, EmailOwner, SignInTime)> LoadAsync(
        UpdateProfile request, CurrentUser user, IDocumentSession session, CancellationToken ct)
    {
        var owner = string.IsNullOrEmpty(request.Email.Value) ? null : await session.ReserveEmailAsync(request.Email.Value, ct);
        var signIn = await session.LoadAsync<Session>(user.SessionId, ct);
        return ((await session.LoadAsync<PersonalData>(user.Id, ct))!, new EmailOwner(owner?.Id), new SignInTime(signIn?.StartedAt));
    }

    public static ProblemDetails Validate(
        UpdateProfile request, PersonalData person, EmailOwner owner, SignInTime signIn, IOptions<AccountOptions> options, TimeProvider clock)
    {
        if (ChangePersonalData.Changed(request.Email, person.Email) is null)
            return WolverineContinue.NoProblems;

        if (options.Value.RequireVerifiedEmail)
            return signIn.At > clock.GetUtcNow() - SignInTime.Recent
                ? WolverineContinue.NoProblems
                : Refuse.With(403, "reauthentication-required", "To change your e-mail address, sign in once more.");

        return owner.UserId is { } taker && taker != person.Id
            ? Refuse.With(409, "email-taken", "There is an account with this e-mail address already.")
            : WolverineContinue.NoProblems;
    }

    // Where addresses are verified, the new one waits for its link, and one that is taken waits for ever: the answer is the same.
    [WolverinePut("/api/auth/update")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403),
        ProducesResponseType<ProblemDetails>(409)]
    public static (AccountChanged, ProfileChanged?, EmailChanged?, ChangePersonalData, OutgoingMessages) Put(
        UpdateProfile request, PersonalData person, EmailOwner owner, [WriteModel(FromClaim = SessionClaims.UserId, LoadStyle = ModelConcurrencyStyle.Exclusive)] User account,
        IOptions<AccountOptions> options, DateTimeOffset now)
    {
        var (name, email) = (ChangePersonalData.Changed(request.Name, person.Name), ChangePersonalData.Changed(request.Email, person.Email));
        var waits = email is not null && options.Value.RequireVerifiedEmail;
        var (mails, former) = email is null ? ([], null) : Mails(person, owner, email, waits, now);
        var change = new ChangePersonalData(person.Id, name, waits ? null : email, waits ? new PendingEmail(email!, now.AddHours(24)) : null, former);

        return (
            new AccountChanged(account.Id, waits ? "Your profile is saved. Confirm the new e-mail address with the link that we sent there." : "Your profile is saved."),
            change.Fields is [] ? null : new ProfileChanged(account.Id, change.Fields),
            email is null || waits ? null : new EmailChanged(account.Id),
            change,
            mails);
    }

    private static (OutgoingMessages, FormerAddress) Mails(PersonalData person, EmailOwner owner, string email, bool waits, DateTimeOffset now)
    {
        var notice = SendAccountMail.Notice(person.Id, waits ? AccountMailKind.AddressChangeAsked : AccountMailKind.AddressChanged);
        var toNewAddress = !waits ? PrepareAccountMail.Of(person.Id, AccountMailKind.VerifyEmail)
            : owner.UserId is { } taker && taker != person.Id ? PrepareAccountMail.Of(taker, AccountMailKind.AddressTaken)
            : PrepareAccountMail.Of(person.Id, AccountMailKind.ChangeEmail);
        return ([notice, toNewAddress], new FormerAddress(notice.RecordId, person.Id, person.Email, now));
    }
}

/// <summary>Whose the wanted address is now.</summary>
public sealed record EmailOwner(Guid? UserId);

/// <summary>When the caller last proved who they are; null when by other means than a password.</summary>
public sealed record SignInTime(DateTimeOffset? At)
{
    public static readonly TimeSpan Recent = TimeSpan.FromHours(1);
}

/// <summary>An address that waits to be confirmed.</summary>
public sealed record PendingEmail(string Address, DateTimeOffset Until);

/// <summary>Sets the members that are not null and leaves the others alone: a sign-in may be writing at the same moment.</summary>
public sealed record ChangePersonalData(Guid UserId, string? Name, string? Email, PendingEmail? Pending = null, FormerAddress? Former = null) : IMartenOp
{
    /// <summary>The names of what changes, for the event, which never holds the values.</summary>
    public string[] Fields => [.. new[] { Name is null ? null : "name", Email is null ? null : "email", Pending is null ? null : "pendingEmail" }.OfType<string>()];

    public void Execute(IDocumentSession session)
    {
        if (Name is not null)
            session.Patch<PersonalData>(UserId).Set(p => p.Name, Name);

        if (Email is not null)
            session.Patch<PersonalData>(UserId).Set(p => p.Email, Email).Set(p => p.EmailKey, PersonalData.Key(Email))
                .Set(p => p.PendingEmail, null).Set(p => p.PendingEmailUntil, null);

        if (Pending is not null)
            session.Patch<PersonalData>(UserId).Set(p => p.PendingEmail, Pending.Address).Set(p => p.PendingEmailUntil, Pending.Until);

        if (Former is not null)
            session.Store(Former);
    }

    /// <summary>What was given, if it differs.</summary>
    public static string? Changed(Field<string> given, string now) =>
        given.Value?.Trim() is { Length: > 0 } value && value != now ? value : null;
}
