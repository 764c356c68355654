using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Passwords;
using TicMate.Identity.Profile;
using JasperFx.CodeGeneration.Frames;
using Wolverine;
using Wolverine.Configuration;
using Wolverine.Marten;

namespace TicMate.Identity.Registration;

public sealed record RegisterUser(Field<string> Name, Field<string> Email, Field<string> Password, Field<string[]> Skills);

/// <summary>What has to be looked up and worked out before a registration can be decided.</summary>
public sealed record Registration(string PasswordHash, bool IsEmailTaken);

public static class RegisterUserEndpoint
{
    public static ProblemDetails Before(RegisterUser request) => new Faults()
        .Line("name", request.Name, 100)
        .Email("email", request.Email)
        .NewPassword("password", request.Password)
        .Names("skills", request.Skills, 20, 50)
        .Problem;

    public static async Task<Registration> LoadAsync(RegisterUser request, PasswordHasher passwords, IDocumentSession session, CancellationToken ct)
    {
        var hash = await passwords.HashAsync(request.Password.Value!, ct);
        return new Registration(hash, await session.ReserveEmailAsync(request.Email.Value!, ct) is not null);
    }

    public static ProblemDetails Validate(Registration registration) => registration.IsEmailTaken
        ? Refuse.With(409, "email-taken", "There is an account with this e-mail address already.")
        : WolverineContinue.NoProblems;

    [AllowAnonymous, WolverinePost("/api/auth/register")]
    [ProducesResponseType<UserAnswer>(201), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(409)]
    public static (RegisteredUser, IStartStream, StoreDoc<PersonalData>, StoreDoc<Credential>) Post(
        RegisterUser request, Registration registration)
    {
        var id = Guid.CreateVersion7();
        return (
            new RegisteredUser(id),
            MartenOps.StartStream<User>(id, new UserRegistered(id, Roles.User, SkillList.Tidy(request.Skills.Value))),
            MartenOps.Store(new PersonalData { Id = id, Name = request.Name.Value!.Trim(), Email = request.Email.Value!.Trim() }),
            MartenOps.Store(new Credential(id, registration.PasswordHash)));
    }
}

/// <summary>The answer to a registration, written after the account is stored.</summary>
public sealed record RegisteredUser(Guid UserId) : IResponseAware
{
    public static void ConfigureResponse(IChain chain) => chain.UseForResponse(new MethodCall(typeof(RegisteredUser), nameof(AnswerAsync)));

    public static Task<UserAnswer> AnswerAsync(RegisteredUser registered, IDocumentSession session, HttpContext http, CancellationToken ct)
    {
        http.Response.StatusCode = 201;
        return UserAnswer.ReadAsync(session, registered.UserId, "Welcome! Your account is ready.", ct);
    }
}
