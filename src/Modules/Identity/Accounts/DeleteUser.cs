using System.Text.Json.Serialization;
using Marten;
using TicMate.Identity.ApiKeys;
using TicMate.Identity.Contracts;
using TicMate.Identity.Links;
using TicMate.Identity.Passwords;
using TicMate.Identity.Profile;
using TicMate.Identity.Sessions;
using TicMate.Identity.Sessions.Throttle;
using Wolverine;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Identity.Accounts;

public sealed record DeleteUser(
    [property: JsonPropertyName("userId")] Reference? Named = null, Reference? Id = null, [property: JsonPropertyName("_id")] Reference? UnderscoreId = null)
{
    [JsonIgnore]
    public Guid UserId => Reference.FirstOf(Named, Id, UnderscoreId);
}

/// <summary>An admin erases somebody's account.</summary>
public static class DeleteUserEndpoint
{
    public static async Task<(OtherAdmins, OpenSessions)> LoadAsync(DeleteUser request, IDocumentSession session, CancellationToken ct) =>
        (await OtherAdmins.HoldAsync(session, request.UserId, ct), await session.HoldSessionsAsync(request.UserId, ct));

    public static ProblemDetails Validate(User? account, OtherAdmins others, CurrentUser admin) =>
        account is null or { IsErased: true } ? Refuse.NotFound("user")
        : account.Id == admin.Id ? Refuse.With(409, "own-account", "Your own account is for you to delete: DELETE /api/auth/user.")
        : others.MayLose(account);

    [Authorize(Roles = Roles.Admin), WolverineDelete("/api/admin/delete-user")]
    [ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409)]
    public static (Answer, UserErased, ForgetPerson, EndSessions, OutgoingMessages) Delete(
        DeleteUser request, [WriteModel(nameof(DeleteUser.UserId), LoadStyle = ModelConcurrencyStyle.Exclusive)] User? account, OpenSessions sessions) =>
        (new Answer("The account is deleted and its personal data are being erased."), new UserErased(account!.Id), new ForgetPerson(account.Id), sessions.End("erased"), [new EraseTraces(account.Id)]);
}

public sealed record DeleteAccount(Field<string> Password);

/// <summary>Whether the caller knows the password, and whether somebody is left to administer.</summary>
public sealed record Leaving(Verdict Password, OtherAdmins OtherAdmins, OpenSessions Sessions);

/// <summary>A person leaves, and takes everything personal along.</summary>
public static class DeleteAccountEndpoint
{
    public static async Task<Leaving> LoadAsync(
        DeleteAccount request, CurrentUser user, PasswordHasher passwords, SignInThrottle throttle, IDocumentSession session, HttpContext http, CancellationToken ct)
    {
        var verdict = new Verdict(false, null);
        if (request.Password.Value is { Length: > 0 and <= 1_024 } password && await session.LoadAsync<PersonalData>(user.Id, ct) is { } person)
        {
            var hash = (await session.LoadAsync<Credential>(user.Id, ct))?.PasswordHash;
            verdict = await throttle.TryAsync(http, person.Email, _ => passwords.VerifyAsync(password, hash, ct, isKnown: true), ct);
        }

        return new(verdict, await OtherAdmins.HoldAsync(session, user.Id, ct), await session.HoldSessionsAsync(user.Id, ct));
    }

    public static ProblemDetails Validate(DeleteAccount request, Leaving leaving, User? account) =>
        leaving.Password.Wait is not null ? leaving.Password.Refusal
        : new Faults()
            .When(string.IsNullOrEmpty(request.Password.Value), "password", "Your password is required.")
            .When(request.Password.Value is { Length: > 0 } && !leaving.Password.IsRight, "password", "The password is wrong.").Problem is { Status: 400 } faults ? faults
        : account is null ? Refuse.NotFound("user")
        : leaving.OtherAdmins.MayLose(account);

    [WolverineDelete("/api/auth/user")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(429)]
    public static (Answer, UserErased, ForgetPerson, EndSessions, OutgoingMessages) Delete(
        DeleteAccount request, Leaving leaving, SessionCookies cookies, HttpContext http,
        [WriteModel(FromClaim = SessionClaims.UserId, LoadStyle = ModelConcurrencyStyle.Exclusive)] User? account)
    {
        cookies.Clear(http);
        return (new Answer("Your account is deleted and your personal data are being erased. Farewell."), new UserErased(account!.Id), new ForgetPerson(account.Id), leaving.Sessions.End("erased"),
            [new EraseTraces(account.Id)]);
    }
}

/// <summary>Removes who a person is, in the transaction that erases the account.</summary>
public sealed record ForgetPerson(Guid UserId) : IMartenOp
{
    public void Execute(IDocumentSession session)
    {
        session.Delete<PersonalData>(UserId);
        session.Delete<Credential>(UserId);
        session.DeleteWhere<OneTimeToken>(token => token.UserId == UserId);
        session.DeleteWhere<FormerAddress>(address => address.UserId == UserId);
        session.DeleteWhere<ApiKey>(key => key.UserId == UserId);
        session.DeleteWhere<MailQuota>(quota => quota.UserId == UserId);
    }
}
