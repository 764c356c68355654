using System.Collections.Frozen;
using System.Text.Json.Serialization;
using JasperFx.CodeGeneration.Frames;
using Marten;
using Marten.Patching;
using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;
using TicMate.Identity.Links;
using TicMate.Identity.Passwords;
using TicMate.Identity.Profile;
using TicMate.Identity.Sessions.Throttle;
using Wolverine;
using Wolverine.Configuration;
using Wolverine.Marten;

namespace TicMate.Identity.Sessions;

/// <param name="Session"><c>bearer</c> for a program that keeps its tokens itself: no cookies, and a refresh token.</param>
public sealed record LogIn(Field<string> Email, Field<string> Password, Field<string> Session)
{
    [JsonIgnore]
    public string Kind => Session.Value is SessionKind.Bearer ? SessionKind.Bearer : SessionKind.Cookie;
}

/// <summary>What was found out about a sign-in: whose it is, if the password is right, and the new hash if the old one is outdated.</summary>
/// <param name="MeantUserId">Whose account was meant, whether the password is right or not.</param>
/// <param name="Refusal">Set when there were too many tries before: then nothing was looked at.</param>
public sealed record Attempt(User? Account, string? NewHash, Guid? MeantUserId = null, ProblemDetails? Refusal = null);

public static class LogInEndpoint
{
    private static readonly FrozenSet<string> Kinds = FrozenSet.Create(SessionKind.Cookie, SessionKind.Bearer);

    public static ProblemDetails Before(LogIn request) => new Faults()
        .When(string.IsNullOrEmpty(request.Email.Value), "email", "Email is required.")
        .When(string.IsNullOrEmpty(request.Password.Value), "password", "Password is required.")
        .When(request.Email.Value?.Length > 254, "email", "Email must have at most 254 characters.")
        .When(request.Password.Value?.Length > 1_024, "password", "Password must have at most 1024 characters.")
        .OneOf("session", request.Session, Kinds)
        .Problem;

    public static async Task<Attempt> LoadAsync(
        LogIn request, SignInThrottle throttle, PasswordHasher passwords, IDocumentSession session, IOptions<AccountOptions> options, HttpContext http, TimeProvider clock, CancellationToken ct)
    {
        var attempt = await LookAsync(request, throttle, passwords, session, http, clock, ct);
        if (Validate(attempt, options).Extensions.TryGetValue("code", out var refusal))
            IdentityTelemetry.SignIns.Add(1, new KeyValuePair<string, object?>("outcome", refusal));

        return attempt;
    }

    private static async Task<Attempt> LookAsync(
        LogIn request, SignInThrottle throttle, PasswordHasher passwords, IDocumentSession session, HttpContext http, TimeProvider clock, CancellationToken ct)
    {
        var attempt = new Attempt(null, null);
        var verdict = await throttle.TryAsync(http, request.Email.Value!, async isKnown => (attempt = await TryAsync(request, passwords, isKnown, session, ct)).Account is not null, ct);
        if (verdict.Wait is not null)
            return attempt with { Refusal = verdict.Refusal };

        if (!verdict.IsRight)
            await SignInFailures.RecordAsync(session, attempt.MeantUserId, clock.GetUtcNow(), ct);

        return attempt;
    }

    private static async Task<Attempt> TryAsync(LogIn request, PasswordHasher passwords, bool isKnown, IDocumentSession session, CancellationToken ct)
    {
        var person = await session.FindByEmailAsync(request.Email.Value, ct);
        var hash = (await session.LoadAsync<Credential>(person?.Id ?? Guid.Empty, ct))?.PasswordHash;
        if (!await passwords.VerifyAsync(request.Password.Value!, hash, ct, isKnown))
            return new Attempt(null, null, person?.Id);

        var newHash = Argon2Hash.IsOutdated(hash!, Argon2Cost.Owasp) ? await passwords.HashAsync(request.Password.Value!, ct, isKnown: true) : null;

        // While we hashed, the password may have been changed, or the account closed, and all sessions ended: this one must not outlive that.
        await session.HoldSignInAsync(person!.Id, ct);
        var meanwhile = (await session.LoadAsync<Credential>(person.Id, ct))?.PasswordHash;
        if (meanwhile != hash && !await passwords.VerifyAsync(request.Password.Value!, meanwhile, ct, isKnown: true))
            return new Attempt(null, null, person.Id);

        return new Attempt(await session.LoadAsync<User>(person.Id, ct), meanwhile == hash ? newHash : null, person.Id);
    }

    public static ProblemDetails Validate(Attempt attempt, IOptions<AccountOptions> options) => attempt.Refusal ?? attempt.Account switch
    {
        null => Refuse.With(401, "wrong-credentials", "The e-mail address or the password is wrong."),
        { IsActive: false } => Refuse.With(403, "account-inactive", "This account is deactivated. Ask an administrator."),
        { IsEmailVerified: false } when options.Value.RequireVerifiedEmail =>
            Refuse.With(403, "email-not-verified", "Confirm your e-mail address first: follow the link in the mail, or ask for a new one."),
        _ => WolverineContinue.NoProblems,
    };

    [AllowAnonymous, WolverinePost("/api/auth/login")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403)]
    [ProducesResponseType<ProblemDetails>(429)]
    public static (SignedInUser, IStartStream, RememberSignIn) Post(LogIn request, Attempt attempt, DateTimeOffset now)
    {
        var (user, session) = (attempt.Account!, Guid.CreateVersion7());
        return (
            new SignedInUser(user.Id, session, user.Role, request.Kind),
            MartenOps.StartStream<Session>(session, new SignedIn(session, user.Id) { Kind = request.Kind }),
            new RememberSignIn(user.Id, now, attempt.NewHash));
    }
}

/// <summary>Notes the time of the sign-in, and the password under today's cost where it was kept under another.</summary>
public sealed record RememberSignIn(Guid UserId, DateTimeOffset At, string? NewHash) : IMartenOp
{
    public void Execute(IDocumentSession session)
    {
        session.Patch<PersonalData>(UserId).Set(p => p.LastSignInAt, At);
        if (NewHash is not null)
            session.Patch<Credential>(UserId).Set(c => c.PasswordHash, NewHash);
    }
}

/// <param name="ExpiresIn">Seconds until the token must be refreshed. With <paramref name="RefreshToken"/>, for bearer sessions only.</param>
public sealed record SignInAnswer(
    string? Message, string Token,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? ExpiresIn,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RefreshToken,
    UserView User) : Answer(Message);

/// <summary>The answer to a sign-in, given once the session is stored: the token in the body and in the cookies.</summary>
public sealed record SignedInUser(Guid UserId, Guid SessionId, string Role, string Kind) : IResponseAware
{
    public static void ConfigureResponse(IChain chain) => chain.UseForResponse(new MethodCall(typeof(SignedInUser), nameof(AnswerAsync)));

    public static async Task<SignInAnswer> AnswerAsync(
        SignedInUser signedIn, AccessTokens tokens, RefreshTokens refreshTokens, SessionCookies cookies, KnownDevices devices, IDocumentSession session,
        HttpContext http, CancellationToken ct)
    {
        var account = await UserAnswer.ReadAsync(session, signedIn.UserId, null, ct);
        var message = $"Welcome back, {account.User.Name}.";
        if (signedIn.Kind is SessionKind.Bearer)
            return new SignInAnswer(
                message, tokens.Issue(signedIn.UserId, signedIn.SessionId, AccessTokens.BearerLifetime), (int)AccessTokens.BearerLifetime.TotalSeconds,
                refreshTokens.For(signedIn.SessionId, 1), account.User);

        var token = tokens.Issue(signedIn.UserId, signedIn.SessionId, signedIn.Role);
        cookies.Set(http, token, signedIn.Role);
        devices.Remember(http, account.User.Email);
        return new SignInAnswer(message, token, null, null, account.User);
    }
}
