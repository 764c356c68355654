using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Profile;
using Wolverine;
using Wolverine.Marten;

namespace TicMate.Identity.Links;

/// <summary>The mails about an account. Stored in queues and quotas: never rename or reorder.</summary>
public enum AccountMailKind
{
    VerifyEmail, ChangeEmail, ResetPassword, Invitation, AlreadyRegistered, AddressTaken, AddressChangeAsked, AddressChanged, PasswordChanged, PasswordReset, AddressNow,
}

/// <summary>
/// Decide whether a mail that somebody asked for is due, and make its link. It stands in the queue for an account that exists and for
/// one that does not (<see cref="Nobody"/>), so that whoever asked cannot tell which.
/// </summary>
public sealed record PrepareAccountMail(Guid UserId, Guid RecordId, AccountMailKind Kind)
{
    public static readonly Guid Nobody = Reference.Nothing;

    public static PrepareAccountMail Of(Guid? userId, AccountMailKind kind) => new(userId ?? Nobody, Guid.CreateVersion7(), kind);

    /// <summary>Mails an invited person the link that sets the first password.</summary>
    public static PrepareAccountMail Invitation(Guid userId) => Of(userId, AccountMailKind.Invitation);
}

/// <summary>When an account last got mails of a kind.</summary>
public sealed record MailQuota
{
    public string Id { get => Key(UserId, Kind); init { } }
    public required Guid UserId { get; init; }
    public required AccountMailKind Kind { get; init; }
    public DateTimeOffset[] Sent { get; init; } = [];
    public DateTimeOffset LastAt { get; init; }

    public static string Key(Guid userId, AccountMailKind kind) => $"{kind}.{userId:N}";
}

/// <summary>What has to be known to decide about a mail.</summary>
public sealed record MailRequest(User? Account, PersonalData? Person, MailQuota Quota);

public static class PrepareAccountMailHandler
{
    public static async Task<MailRequest> LoadAsync(PrepareAccountMail command, IDocumentSession session, CancellationToken ct)
    {
        await session.LockMailsAsync(command.UserId, ct);
        var batch = session.CreateBatchQuery();
        var account = batch.Load<User>(command.UserId);
        var person = batch.Load<PersonalData>(command.UserId);
        var quota = batch.Load<MailQuota>(MailQuota.Key(command.UserId, command.Kind));
        await batch.Execute(ct);
        return new MailRequest(await account, await person, await quota ?? new MailQuota { UserId = command.UserId, Kind = command.Kind });
    }

    public static HandlerContinuation Validate(PrepareAccountMail command, MailRequest request, TimeProvider clock) =>
        request is { Account: { IsActive: true } account, Person: { } person } && IsDue(command.Kind, account, person)
        && Recent(request.Quota, clock.GetUtcNow()).Length < Most(command.Kind) ? HandlerContinuation.Continue : HandlerContinuation.Stop;

    public static (StoreDoc<MailQuota>, StoreToken, SendAccountMail) Handle(PrepareAccountMail command, MailRequest request, AccountLinks links, TimeProvider clock)
    {
        var (person, now) = (request.Person!, clock.GetUtcNow());
        var email = command.Kind is AccountMailKind.ChangeEmail ? person.PendingEmail! : person.Email;
        return (
            MartenOps.Store(request.Quota with { Sent = [.. Recent(request.Quota, now), now], LastAt = now }),
            new StoreToken(AccountMails.PurposeOf(command.Kind) is { } purpose ? links.Make(command.UserId, purpose, command.RecordId, email) : null),
            new SendAccountMail(command.UserId, command.RecordId, command.Kind));
    }

    private static bool IsDue(AccountMailKind kind, User account, PersonalData person) => kind switch
    {
        AccountMailKind.VerifyEmail => !account.IsEmailVerified,
        AccountMailKind.ChangeEmail => person.PendingEmail is not null,
        _ => true,
    };

    private static DateTimeOffset[] Recent(MailQuota quota, DateTimeOffset now) => [.. quota.Sent.Where(at => at > now - Window(quota.Kind))];

    private static TimeSpan Window(AccountMailKind kind) =>
        kind is AccountMailKind.AlreadyRegistered or AccountMailKind.AddressTaken ? TimeSpan.FromHours(24) : TimeSpan.FromHours(1);

    private static int Most(AccountMailKind kind) => kind switch
    {
        AccountMailKind.AlreadyRegistered or AccountMailKind.AddressTaken => 1,
        AccountMailKind.VerifyEmail or AccountMailKind.ChangeEmail or AccountMailKind.ResetPassword => 3,
        _ => int.MaxValue,
    };
}

/// <summary>Keeps a link's hash, if the mail has a link.</summary>
public sealed record StoreToken(OneTimeToken? Token) : IMartenOp
{
    public void Execute(IDocumentSession session)
    {
        if (Token is not null)
            session.Store(Token);
    }
}
