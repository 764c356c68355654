using Marten;
using Microsoft.AspNetCore.Http.HttpResults;
using TicMate.Identity.Contracts;
using Wolverine;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Identity.Sessions;

public sealed record RefreshSession(Field<string> RefreshToken);

public sealed record RefreshAnswer(string Token, int ExpiresIn, string RefreshToken) : Answer;

/// <summary>What is known of a refresh token's session once nobody else can change it.</summary>
/// <param name="GoesOn">False when the token is none of ours, or its session is over for any reason.</param>
public sealed record Renewal(bool GoesOn, RefreshToken Shown, RefreshHead Head, DateTimeOffset Now)
{
    public static readonly Renewal None = new(false, new(default, 0), new(default, 0, default), default);

    /// <summary>The token after the one that was shown; null when that one has been used already.</summary>
    public RefreshHead? Successor => Head.IsThis(Shown) ? Head.Next(Now) : Head.FollowedJustNow(Shown, Now) ? Head : null;
}

public static class RefreshSessionEndpoint
{
    public static ProblemDetails Before(RefreshSession request) => new Faults()
        .When(string.IsNullOrEmpty(request.RefreshToken.Value), "refreshToken", "RefreshToken is required.")
        .Problem;

    public static Guid SessionId(RefreshSession request, RefreshTokens refreshTokens) =>
        refreshTokens.Read(request.RefreshToken.Value)?.SessionId ?? Reference.Nothing;

    // The session is held by now: of many refreshes at once, each sees what the one before left.
    public static async Task<Renewal> LoadAsync(
        RefreshSession request, Session? session, RefreshTokens refreshTokens, IDocumentSession documents, TimeProvider clock, CancellationToken ct)
    {
        var (shown, now) = (refreshTokens.Read(request.RefreshToken.Value), clock.GetUtcNow());
        if (shown is null || session is null)
            return Renewal.None;

        var batch = documents.CreateBatchQuery();
        var loadingUser = batch.Load<User>(session.UserId);
        var loadingHead = batch.Load<RefreshHead>(session.Id);
        var loadingUse = batch.Load<LastUse>(session.Id);
        await batch.Execute(ct);

        var head = await loadingHead ?? RefreshHead.Of(session);
        var lastSeen = await loadingUse is { } use && use.At > head.IssuedAt ? use.At : head.IssuedAt;
        var goesOn = await loadingUser is { IsActive: true } user && session.Kind is SessionKind.Bearer && !session.IsOver(user.Role, lastSeen, now);
        return goesOn ? new Renewal(true, shown, head, now) : Renewal.None;
    }

    [AllowAnonymous, WolverinePost("/api/auth/refresh")]
    [ProducesResponseType<RefreshAnswer>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401)]
    public static (IResult, StoreDoc<RefreshHead>?, RefreshTokenReused?, SessionEnded?, OutgoingMessages) Post(
        RefreshSession _, [WriteModel(FromMethod = nameof(SessionId), LoadStyle = ModelConcurrencyStyle.Exclusive)] Session? session,
        Renewal renewal, AccessTokens accessTokens, RefreshTokens refreshTokens)
    {
        if (!renewal.GoesOn)
            return (Refused, null, null, null, []);

        // Two hold the same secret, and only one of them can be its owner.
        if (renewal.Successor is not { } head)
            return (Refused, null, new RefreshTokenReused(session!.Id, session.UserId), new SessionEnded(session.Id, session.UserId, "token-reused"),
                [new TellOfTokenReuse(session.UserId, session.Id)]);

        return (
            TypedResults.Ok(new RefreshAnswer(
                accessTokens.Issue(session!.UserId, session.Id, AccessTokens.BearerLifetime), (int)AccessTokens.BearerLifetime.TotalSeconds,
                refreshTokens.For(session.Id, head.Generation))),
            head == renewal.Head ? null : MartenOps.Store(head), null, null, []);
    }

    private static ProblemHttpResult Refused => TypedResults.Problem(Refuse.With(401, "refresh-token-invalid", "The refresh token is not valid any more. Sign in again."));
}

/// <summary>Mail someone whose refresh token was used twice.</summary>
public sealed record TellOfTokenReuse(Guid UserId, Guid SessionId) : ISendsMail;

public static class TellOfTokenReuseHandler
{
    public static Task HandleAsync(TellOfTokenReuse message, IPostOffice post, CancellationToken ct) => post.SendAsync(
        new Letter(
            message.UserId, $"token-reused.{message.SessionId:N}", "We signed you out of a session",
            """
            A sign-in of yours was continued twice with the same secret. Either a program of yours keeps an old copy, or somebody else has
            taken it. We have ended that session; your other sessions go on.

            If you do not know what this was, change your password and sign out everywhere.
            """),
        ct);
}
