using JasperFx.CodeGeneration.Frames;
using Marten;
using TicMate.Identity.Contracts;
using Wolverine;
using Wolverine.Configuration;

namespace TicMate.Identity.Profile;

/// <summary>Answers a change with the account as it is once the change is stored.</summary>
public sealed record AccountChanged(Guid UserId, string Message) : IResponseAware
{
    public static void ConfigureResponse(IChain chain) => chain.UseForResponse(new MethodCall(typeof(AccountChanged), nameof(AnswerAsync)));

    public static Task<UserAnswer> AnswerAsync(AccountChanged changed, IDocumentSession session, CancellationToken ct) =>
        UserAnswer.ReadAsync(session, changed.UserId, changed.Message, ct);
}
