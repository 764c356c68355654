using JasperFx.Events;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Links;
using TicMate.Identity.Profile;
using TicMate.Identity.Sessions;
using TicMate.Identity.Sessions.Throttle;
using Wolverine.Marten;

namespace TicMate.Identity.Passwords;

public sealed record ResetPassword(Field<string> Token, Field<string> NewPassword);

/// <summary>A password that may be set with the link that was just used up; or what is wrong with it, and then the link stays good.</summary>
public sealed record Resetting(ProblemDetails Problem, string? PasswordHash = null, IEventStream<User>? Account = null, OpenSessions? Sessions = null);

public static class ResetPasswordEndpoint
{
    public static ProblemDetails Before(ResetPassword request) =>
        LinkTokens.IsWellFormed(request.Token.Value) ? WolverineContinue.NoProblems : OneTimeTokens.Invalid();

    public static async Task<Resetting> LoadAsync(
        ResetPassword request, PasswordHasher passwords, SignInThrottle throttle, IDocumentSession session, HttpContext http, TimeProvider clock, CancellationToken ct)
    {
        LinkPurpose[] purposes = [LinkPurpose.ResetPassword, LinkPurpose.Invitation];
        if (await session.FindTokenAsync(request.Token.Value!, clock.GetUtcNow(), ct, purposes) is not { } token
            || await session.LoadAsync<PersonalData>(token.UserId, ct) is not { } person || !token.IsFor(person))
            return new Resetting(OneTimeTokens.Invalid());

        var faults = new Faults().NewPassword("newPassword", request.NewPassword, person.Name, person.Email);
        var current = (await session.LoadAsync<Credential>(person.Id, ct))?.PasswordHash;
        if (faults.Problem.Status is null && current is not null && await passwords.VerifyAsync(request.NewPassword.Value!, current, ct))
            faults.Add("newPassword", "The new password must differ from the current one.");
        if (faults.Problem.Status is not null)
            return new Resetting(faults.Problem);

        // Hashed before the link is used up: nobody waits for the row meanwhile.
        var hash = await passwords.HashAsync(request.NewPassword.Value!, ct);
        if (await session.UseTokenAsync(request.Token.Value!, clock.GetUtcNow(), ct, purposes) is null)
            return new Resetting(OneTimeTokens.Invalid());

        var sessions = await session.HoldSessionsAsync(person.Id, ct);
        var account = await session.Events.FetchForExclusiveWriting<User>(person.Id, ct);
        if (account.Aggregate is not { IsActive: true })
            return new Resetting(OneTimeTokens.Invalid());

        // Whoever has the mailbox gets in again, however many have been guessing.
        await throttle.ForgetAsync(http, person.Email);
        return new Resetting(WolverineContinue.NoProblems, hash, account, sessions);
    }

    public static ProblemDetails Validate(Resetting resetting) => resetting.Problem;

    [AllowAnonymous, WolverinePost("/api/auth/reset-password")]
    [ProducesResponseType<ProblemDetails>(400)]
    public static (Answer, StoreDoc<Credential>, EndSessions, SendAccountMail) Post(ResetPassword _, Resetting resetting)
    {
        var account = resetting.Account!;
        account.AppendOne(new PasswordReset(account.Id));
        if (account.Aggregate is { IsEmailVerified: false })
            account.AppendOne(new EmailVerified(account.Id));

        return (
            new Answer("Your new password is set. You can sign in with it."),
            MartenOps.Store(new Credential(account.Id, resetting.PasswordHash!)),
            resetting.Sessions!.End("password-reset"),
            SendAccountMail.Notice(account.Id, AccountMailKind.PasswordReset));
    }
}
