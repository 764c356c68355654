using JasperFx.Events;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Links;
using TicMate.Identity.Profile;

namespace TicMate.Identity.Registration;

public sealed record VerifyEmail(Field<string> Token);

/// <summary>A link that was just used up, and whose it is.</summary>
public sealed record UsedLink(OneTimeToken Token, PersonalData Person, IEventStream<User> Account, bool IsEmailTaken);

public static class VerifyEmailEndpoint
{
    public static ProblemDetails Before(VerifyEmail request) =>
        LinkTokens.IsWellFormed(request.Token.Value) ? WolverineContinue.NoProblems : OneTimeTokens.Invalid();

    public static async Task<UsedLink?> LoadAsync(VerifyEmail request, IDocumentSession session, TimeProvider clock, CancellationToken ct)
    {
        if (await session.UseTokenAsync(request.Token.Value!, clock.GetUtcNow(), ct, LinkPurpose.VerifyEmail, LinkPurpose.ChangeEmail) is not { } token)
            return null;

        // The address before the account, as everywhere, or two requests could wait for each other.
        var owner = await session.ReserveEmailAsync(token.Email, ct);
        return await session.LoadAsync<PersonalData>(token.UserId, ct) is { } person
            ? new UsedLink(token, person, await session.Events.FetchForExclusiveWriting<User>(token.UserId, ct), owner is not null && owner.Id != person.Id)
            : null;
    }

    // Refused, the transaction ends and the link is as it was.
    public static ProblemDetails Validate(UsedLink? link) =>
        link is { Account.Aggregate.IsActive: true, IsEmailTaken: false } && link.Token.IsFor(link.Person) ? WolverineContinue.NoProblems : OneTimeTokens.Invalid();

    [AllowAnonymous, WolverinePost("/api/auth/verify-email")]
    [ProducesResponseType<ProblemDetails>(400)]
    public static (Answer, ChangePersonalData?, SendAccountMail?) Post(VerifyEmail _, UsedLink link, DateTimeOffset now)
    {
        var (token, person, account) = (link.Token, link.Person, link.Account);
        if (token.Purpose is not LinkPurpose.ChangeEmail)
        {
            if (account.Aggregate is { IsEmailVerified: false })
                account.AppendOne(new EmailVerified(person.Id));

            return (new Answer("Your e-mail address is confirmed."), null, null);
        }

        account.AppendMany(new EmailChanged(person.Id), new EmailVerified(person.Id));
        var notice = SendAccountMail.Notice(person.Id, AccountMailKind.AddressChanged);
        return (
            new Answer("Your new e-mail address is confirmed."),
            new ChangePersonalData(person.Id, null, token.Email, null, new FormerAddress(notice.RecordId, person.Id, person.Email, now)),
            notice);
    }
}
