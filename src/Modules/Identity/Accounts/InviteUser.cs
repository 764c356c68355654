using JasperFx.CodeGeneration.Frames;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Links;
using TicMate.Identity.Profile;
using Wolverine;
using Wolverine.Configuration;
using Wolverine.Marten;

namespace TicMate.Identity.Accounts;

public sealed record InviteUser(Field<string> Name, Field<string> Email, Field<string> Role, Field<string[]> Skills);

/// <summary>An admin makes an account for somebody, who sets the first password by the link in the mail; nobody else ever knows it.</summary>
public static class InviteUserEndpoint
{
    public static ProblemDetails Before(InviteUser request) => new Faults()
        .Line("name", request.Name, 100)
        .Email("email", request.Email)
        .OneOf("role", request.Role, Roles.Words)
        .Names("skills", request.Skills, 20, 50)
        .Problem;

    public static async Task<EmailOwner> LoadAsync(InviteUser request, IDocumentSession session, CancellationToken ct) =>
        new((await session.ReserveEmailAsync(request.Email.Value!, ct))?.Id);

    public static ProblemDetails Validate(EmailOwner owner) => owner.UserId is null
        ? WolverineContinue.NoProblems
        : Refuse.With(409, "email-taken", "There is an account with this e-mail address already.");

    [Authorize(Roles = Roles.Admin), WolverinePost("/api/admin/users")]
    [ProducesResponseType<UserAnswer>(201), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(409)]
    public static (InvitedUser, IStartStream, StoreDoc<PersonalData>, OutgoingMessages) Post(InviteUser request)
    {
        var id = Guid.CreateVersion7();
        return (
            new InvitedUser(id),
            MartenOps.StartStream<User>(id, new UserInvited(id, request.Role.Value is { Length: > 0 } role ? role : Roles.User, SkillList.Tidy(request.Skills.Value))),
            MartenOps.Store(new PersonalData { Id = id, Name = request.Name.Value!.Trim(), Email = request.Email.Value!.Trim() }),
            [PrepareAccountMail.Invitation(id)]);
    }
}

/// <summary>The answer to an invitation, written after the account is stored.</summary>
public sealed record InvitedUser(Guid UserId) : IResponseAware
{
    public static void ConfigureResponse(IChain chain) => chain.UseForResponse(new MethodCall(typeof(InvitedUser), nameof(AnswerAsync)));

    public static Task<UserAnswer> AnswerAsync(InvitedUser invited, IDocumentSession session, HttpContext http, CancellationToken ct)
    {
        http.Response.StatusCode = 201;
        return UserAnswer.ReadAsync(session, invited.UserId, "The account is made; its owner gets a mail with a link to set the password.", ct);
    }
}
