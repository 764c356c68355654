using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Links;
using TicMate.Identity.Profile;

namespace TicMate.Identity.Registration;

public sealed record ResendVerificationEmail(Field<string> Email);

public static class ResendVerificationEmailEndpoint
{
    public static ProblemDetails Before(ResendVerificationEmail request) => new Faults().SomeAddress(request.Email).Problem;

    public static async Task<EmailOwner> LoadAsync(ResendVerificationEmail request, IQuerySession session, CancellationToken ct) =>
        new((await session.FindByEmailAsync(request.Email.Value, ct))?.Id);

    [AllowAnonymous, WolverinePost("/api/auth/resend-verification-email")]
    [ProducesResponseType<ProblemDetails>(400)]
    public static (Answer, PrepareAccountMail) Post(ResendVerificationEmail _, EmailOwner owner) => (
        new Answer("If there is an account to confirm with this address, a new link is on its way."),
        PrepareAccountMail.Of(owner.UserId, AccountMailKind.VerifyEmail));
}
