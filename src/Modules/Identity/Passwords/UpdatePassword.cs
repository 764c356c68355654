using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Links;
using TicMate.Identity.Profile;
using TicMate.Identity.Sessions;
using TicMate.Identity.Sessions.Throttle;
using Wolverine;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Identity.Passwords;

public sealed record UpdatePassword(Field<string> OldPassword, Field<string> NewPassword);

/// <summary>The hash of a password that may be set, or what is wrong with it.</summary>
public sealed record NewHash(ProblemDetails Problem, string? PasswordHash = null, OpenSessions? Sessions = null);

public static class UpdatePasswordEndpoint
{
    public static ProblemDetails Before(UpdatePassword request) => new Faults()
        .When(string.IsNullOrEmpty(request.OldPassword.Value), "oldPassword", "OldPassword is required.")
        .When(request.OldPassword.Value?.Length > 1_024, "oldPassword", "OldPassword must have at most 1024 characters.")
        .NewPassword("newPassword", request.NewPassword)
        .Problem;

    public static async Task<NewHash> LoadAsync(
        UpdatePassword request, CurrentUser user, PasswordHasher passwords, SignInThrottle throttle, IDocumentSession session, HttpContext http, CancellationToken ct)
    {
        var person = (await session.LoadAsync<PersonalData>(user.Id, ct))!;
        var current = (await session.LoadAsync<Credential>(user.Id, ct))?.PasswordHash;

        // Guessing here is guessing: whoever found an open session counts like whoever tries to sign in.
        var verdict = await throttle.TryAsync(http, person.Email, _ => passwords.VerifyAsync(request.OldPassword.Value!, current, ct, isKnown: true), ct);
        if (verdict.Wait is not null)
            return new NewHash(verdict.Refusal);

        // 400 and not 401: the session is good, and old clients sign out on 401.
        var faults = new Faults()
            .When(!verdict.IsRight, "oldPassword", "This is not your current password.")
            .NewPassword("newPassword", request.NewPassword, person.Name, person.Email)
            .When(verdict.IsRight && IsSame(request), "newPassword", "The new password must differ from the current one.");
        if (faults.Problem.Status is not null)
            return new NewHash(faults.Problem);

        var hash = await passwords.HashAsync(request.NewPassword.Value!, ct, isKnown: true);
        return new NewHash(WolverineContinue.NoProblems, hash, await session.HoldSessionsAsync(user.Id, ct));
    }

    public static ProblemDetails Validate(NewHash hash) => hash.Problem;

    [WolverinePut("/api/auth/update-password")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(429)]
    public static (Answer, PasswordChanged, StoreDoc<Credential>, EndSessions, OutgoingMessages) Put(
        UpdatePassword _, NewHash hash, [WriteModel(FromClaim = SessionClaims.UserId, LoadStyle = ModelConcurrencyStyle.Exclusive)] User account, CurrentUser user) => (
        new Answer("Your password is changed, and every other device is signed out."),
        new PasswordChanged(account.Id),
        MartenOps.Store(new Credential(account.Id, hash.PasswordHash!)),
        hash.Sessions!.End("password-changed", except: user.SessionId),
        [SendAccountMail.Notice(account.Id, AccountMailKind.PasswordChanged)]);

    private static bool IsSame(UpdatePassword request) => PasswordText.Normal(request.OldPassword.Value!) == PasswordText.Normal(request.NewPassword.Value ?? "");
}
