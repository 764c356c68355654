using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Links;
using TicMate.Identity.Profile;
using TicMate.Identity.Sessions;
using Wolverine;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Identity.Passwords;

public sealed record UpdatePassword(Field<string> OldPassword, Field<string> NewPassword);

/// <summary>The hash of a password that may be set, or what is wrong with it.</summary>
public sealed record NewHash(ProblemDetails Problem, string? PasswordHash = null);

public static class UpdatePasswordEndpoint
{
    public static ProblemDetails Before(UpdatePassword request) => new Faults()
        .When(string.IsNullOrEmpty(request.OldPassword.Value), "oldPassword", "OldPassword is required.")
        .When(request.OldPassword.Value?.Length > 1_024, "oldPassword", "OldPassword must have at most 1024 characters.")
        .NewPassword("newPassword", request.NewPassword)
        .Problem;

    public static async Task<NewHash> LoadAsync(
        UpdatePassword request, CurrentUser user, PasswordHasher passwords, IQuerySession session, CancellationToken ct)
    {
        var person = (await session.LoadAsync<PersonalData>(user.Id, ct))!;
        var current = (await session.LoadAsync<Credential>(user.Id, ct))?.PasswordHash;
        var isRight = await passwords.VerifyAsync(request.OldPassword.Value!, current, ct);

        // 400 and not 401: the session is good, and old clients sign out on 401.
        var faults = new Faults()
            .When(!isRight, "oldPassword", "This is not your current password.")
            .NewPassword("newPassword", request.NewPassword, person.Name, person.Email)
            .When(isRight && IsSame(request), "newPassword", "The new password must differ from the current one.");

        return faults.Problem.Status is null
            ? new NewHash(WolverineContinue.NoProblems, await passwords.HashAsync(request.NewPassword.Value!, ct))
            : new NewHash(faults.Problem);
    }

    public static ProblemDetails Validate(NewHash hash) => hash.Problem;

    [WolverinePut("/api/auth/update-password")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401)]
    public static async Task<(Answer, PasswordChanged, StoreDoc<Credential>, OutgoingMessages)> Put(
        UpdatePassword _, NewHash hash, [WriteModel(FromClaim = SessionClaims.UserId)] User account, CurrentUser user, IDocumentSession session,
        CancellationToken ct)
    {
        await session.EndAllSessions(account.Id, "password-changed", user.SessionId, ct);
        return (
            new Answer("Your password is changed, and every other device is signed out."),
            new PasswordChanged(account.Id),
            MartenOps.Store(new Credential(account.Id, hash.PasswordHash!)),
            [SendAccountMail.Notice(account.Id, AccountMailKind.PasswordChanged)]);
    }

    private static bool IsSame(UpdatePassword request) => PasswordText.Normal(request.OldPassword.Value!) == PasswordText.Normal(request.NewPassword.Value ?? "");
}
