using System.Text.Json.Serialization;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Links;
using TicMate.Identity.Passwords;
using TicMate.Identity.Profile;
using TicMate.Identity.Sessions;
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
    public static Task<OtherAdmins> LoadAsync(DeleteUser request, IDocumentSession session, CancellationToken ct) =>
        OtherAdmins.HoldAsync(session, request.UserId, ct);

    public static ProblemDetails Validate(User? account, OtherAdmins others, CurrentUser admin) =>
        account is null or { IsErased: true } ? Refuse.NotFound("user")
        : account.Id == admin.Id ? Refuse.With(409, "own-account", "Your own account is for you to delete: DELETE /api/auth/user.")
        : others.MayLose(account);

    [Authorize(Roles = Roles.Admin), WolverineDelete("/api/admin/delete-user")]
    [ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409)]
    public static (Answer, UserErased, ForgetPerson, OutgoingMessages) Delete(
        DeleteUser request, [WriteModel(nameof(DeleteUser.UserId), LoadStyle = ModelConcurrencyStyle.Exclusive)] User? account) =>
        (new Answer("The account is deleted and its personal data are being erased."), new UserErased(account!.Id), new ForgetPerson(account.Id), [new EraseTraces(account.Id)]);
}

public sealed record DeleteAccount(Field<string> Password);

/// <summary>Whether the caller knows the password, and whether somebody is left to administer.</summary>
public sealed record Leaving(bool IsPasswordRight, OtherAdmins OtherAdmins);

/// <summary>A person leaves, and takes everything personal along.</summary>
public static class DeleteAccountEndpoint
{
    public static async Task<Leaving> LoadAsync(
        DeleteAccount request, CurrentUser user, PasswordHasher passwords, IDocumentSession session, CancellationToken ct)
    {
        var credential = await session.LoadAsync<Credential>(user.Id, ct);
        var isRight = request.Password.Value is { Length: > 0 and <= 1_024 } password && await passwords.VerifyAsync(password, credential?.PasswordHash, ct);
        return new(isRight, await OtherAdmins.HoldAsync(session, user.Id, ct));
    }

    public static ProblemDetails Validate(DeleteAccount request, Leaving leaving, User? account) =>
        new Faults()
            .When(string.IsNullOrEmpty(request.Password.Value), "password", "Your password is required.")
            .When(request.Password.Value is { Length: > 0 } && !leaving.IsPasswordRight, "password", "The password is wrong.").Problem is { Status: 400 } faults ? faults
        : account is null ? Refuse.NotFound("user")
        : leaving.OtherAdmins.MayLose(account);

    [WolverineDelete("/api/auth/user")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(409)]
    public static (Answer, UserErased, ForgetPerson, OutgoingMessages) Delete(
        DeleteAccount request, SessionCookies cookies, HttpContext http,
        [WriteModel(FromClaim = SessionClaims.UserId, LoadStyle = ModelConcurrencyStyle.Exclusive)] User? account)
    {
        cookies.Clear(http);
        return (new Answer("Your account is deleted and your personal data are being erased. Farewell."), new UserErased(account!.Id), new ForgetPerson(account.Id), [new EraseTraces(account.Id)]);
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
        session.DeleteWhere<MailQuota>(quota => quota.UserId == UserId);
    }
}
