using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Email;
using TicMate.Identity.Profile;

namespace TicMate.Identity.Links;

/// <summary>Send one mail about an account. Ids only: address and link are looked up when it is sent.</summary>
/// <param name="UserId">Whose account.</param>
/// <param name="RecordId">The link's record, the <see cref="FormerAddress"/>, or just what tells this mail from others.</param>
/// <param name="Kind">Which mail.</param>
public sealed record SendAccountMail(Guid UserId, Guid RecordId, AccountMailKind Kind) : ISendsMail
{
    public static SendAccountMail Notice(Guid userId, AccountMailKind kind) => new(userId, Guid.CreateVersion7(), kind);
}

public static class SendAccountMailHandler
{
    public static Task HandleAsync(SendAccountMail command, AccountMails mails, CancellationToken ct) => mails.SendAsync(command, ct);
}

/// <summary>An address that an account had when it was changed: told once, then forgotten.</summary>
public sealed record FormerAddress(Guid Id, Guid UserId, string Email, DateTimeOffset At);

/// <summary>Shell: finds out where a mail goes and what link is in it, and hands it over. Holds no transaction while the server answers.</summary>
public sealed class AccountMails(IDocumentStore store, AccountLinks links, IMailer mailer, ILogger<AccountMails> log)
{
    public static LinkPurpose? PurposeOf(AccountMailKind kind) => kind switch
    {
        AccountMailKind.VerifyEmail => LinkPurpose.VerifyEmail,
        AccountMailKind.ChangeEmail => LinkPurpose.ChangeEmail,
        AccountMailKind.ResetPassword => LinkPurpose.ResetPassword,
        AccountMailKind.Invitation => LinkPurpose.Invitation,
        _ => null,
    };

    public async Task SendAsync(SendAccountMail command, CancellationToken ct)
    {
        var (kind, isFormer) = (command.Kind, command.Kind is AccountMailKind.AddressChangeAsked or AccountMailKind.AddressChanged);
        await using var session = store.LightweightSession();
        if (await session.LoadAsync<User>(command.UserId, ct) is not { IsActive: true } || await session.LoadAsync<PersonalData>(command.UserId, ct) is not { } person)
            return;

        var link = PurposeOf(kind) is { } purpose ? await links.ForMailAsync(command.UserId, purpose, command.RecordId, ct) : null;
        var address = PurposeOf(kind) is not null ? link?.Email
            : isFormer ? (await session.LoadAsync<FormerAddress>(command.RecordId, ct))?.Email
            : person.Email;
        if (address is null)
            return;

        var name = AccountMailText.SafeName(person.Name);
        var (subject, text) = AccountMailText.Of(kind, name, link?.Url);
        try
        {
            await mailer.SendAsync(new Mail(address, name, subject, text, $"{kind}.{command.RecordId:N}.{link?.Generation ?? 1}@ticmate"), ct);
        }
        catch (MailRefusedException refused)
        {
            // Final: the server will not take this mail, however often it is offered.
            log.LogWarning("Mail {Kind} to user {UserId} was refused with status {Status}", kind, command.UserId, refused.Status);
        }

        if (isFormer)
        {
            session.Delete<FormerAddress>(command.RecordId);
            await session.SaveChangesAsync(ct);
        }
    }
}
