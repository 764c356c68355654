using Marten;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Profile;

/// <summary>A message for a person, and the account as it is now.</summary>
public sealed record UserAnswer(string? Message, UserView User) : Answer(Message)
{
    /// <summary>The caller's account, read after what the request changed is stored.</summary>
    public static async Task<UserAnswer> ReadAsync(IQuerySession session, Guid userId, string? message, CancellationToken ct)
    {
        var batch = session.CreateBatchQuery();
        var user = batch.Load<User>(userId);
        var profile = batch.Load<PersonalData>(userId);
        await batch.Execute(ct);

        return new UserAnswer(message, UserView.Of((await user)!, (await profile)!));
    }
}
