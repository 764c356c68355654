using System.Text.Json.Serialization;
using JasperFx.CodeGeneration.Frames;
using Marten;
using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;
using TicMate.Identity.Links;
using TicMate.Identity.Passwords;
using TicMate.Identity.Profile;
using Wolverine;
using Wolverine.Configuration;
using Wolverine.Marten;

namespace TicMate.Identity.Registration;

public sealed record RegisterUser(Field<string> Name, Field<string> Email, Field<string> Password, Field<string[]> Skills);

/// <summary>What has to be looked up and worked out before a registration can be decided.</summary>
public sealed record Registration(string PasswordHash, Guid? OwnerOfEmail);

public static class RegisterUserEndpoint
{
    public static ProblemDetails Before(RegisterUser request) => new Faults()
        .Line("name", request.Name, 100)
        .Email("email", request.Email)
        .NewPassword("password", request.Password, request.Name.Value, request.Email.Value)
        .Names("skills", request.Skills, 20, 50)
        .Problem;

    public static async Task<Registration> LoadAsync(RegisterUser request, PasswordHasher passwords, IDocumentSession session, CancellationToken ct)
    {
        var hash = await passwords.HashAsync(request.Password.Value!, ct);
        return new Registration(hash, (await session.ReserveEmailAsync(request.Email.Value!, ct))?.Id);
    }

    public static ProblemDetails Validate(Registration registration, IOptions<AccountOptions> options) =>
        registration.OwnerOfEmail is not null && !options.Value.RequireVerifiedEmail
            ? Refuse.With(409, "email-taken", "There is an account with this e-mail address already.")
            : WolverineContinue.NoProblems;

    // Where addresses are verified, a taken one is answered like a new one; only a mail to its owner tells the difference.
    [AllowAnonymous, WolverinePost("/api/auth/register")]
    [ProducesResponseType<RegistrationAnswer>(201), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(409)]
    public static (RegisteredUser, IStartStream?, StoreDoc<PersonalData>?, StoreDoc<Credential>?, PrepareAccountMail) Post(
        RegisterUser request, Registration registration)
    {
        if (registration.OwnerOfEmail is { } owner)
            return (new RegisteredUser(owner), null, null, null, PrepareAccountMail.Of(owner, AccountMailKind.AlreadyRegistered));

        var id = Guid.CreateVersion7();
        return (
            new RegisteredUser(id),
            MartenOps.StartStream<User>(id, new UserRegistered(id, Roles.User, SkillList.Tidy(request.Skills.Value))),
            MartenOps.Store(new PersonalData { Id = id, Name = request.Name.Value!.Trim(), Email = request.Email.Value!.Trim() }),
            MartenOps.Store(new Credential(id, registration.PasswordHash)),
            PrepareAccountMail.Of(id, AccountMailKind.VerifyEmail));
    }
}

public sealed record RegistrationAnswer(
    string? Message, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] UserView? User) : Answer(Message);

/// <summary>The answer to a registration, written after the account is stored. Where addresses are verified it never shows the account.</summary>
public sealed record RegisteredUser(Guid UserId) : IResponseAware
{
    public static void ConfigureResponse(IChain chain) => chain.UseForResponse(new MethodCall(typeof(RegisteredUser), nameof(AnswerAsync)));

    public static async Task<RegistrationAnswer> AnswerAsync(
        RegisteredUser registered, IOptions<AccountOptions> options, IDocumentSession session, HttpContext http, CancellationToken ct)
    {
        http.Response.StatusCode = 201;
        return options.Value.RequireVerifiedEmail
            ? new RegistrationAnswer("Check your e-mail: the link in it opens your account.", null)
            : new RegistrationAnswer("Welcome! Your account is ready.", (await UserAnswer.ReadAsync(session, registered.UserId, null, ct)).User);
    }
}
