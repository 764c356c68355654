using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Links;
using TicMate.Identity.Profile;

namespace TicMate.Identity.Passwords;

public sealed record ForgotPassword(Field<string> Email);

public static class ForgotPasswordEndpoint
{
    public static ProblemDetails Before(ForgotPassword request) => new Faults().SomeAddress(request.Email).Problem;

    public static async Task<EmailOwner> LoadAsync(ForgotPassword request, IQuerySession session, CancellationToken ct) =>
        new((await session.FindByEmailAsync(request.Email.Value, ct))?.Id);

    [AllowAnonymous, WolverinePost("/api/auth/forgot-password")]
    [ProducesResponseType<ProblemDetails>(400)]
    public static (Answer, PrepareAccountMail) Post(ForgotPassword _, EmailOwner owner) => (
        new Answer("If there is an account with this address, a link to choose a new password is on its way."),
        PrepareAccountMail.Of(owner.UserId, AccountMailKind.ResetPassword));
}
