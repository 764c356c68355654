using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Profile;

namespace TicMate.Identity.Email;

/// <summary>Looks up where a person's mail goes, at the moment it is sent.</summary>
public sealed class PostOffice(IDocumentStore store, IMailer mailer, FolderMailbox kept, ILogger<PostOffice> log) : IPostOffice
{
    public async Task SendAsync(Letter letter, CancellationToken ct)
    {
        if (await AddresseeAsync(letter.UserId, ct) is not { } person)
            return;

        try
        {
            await mailer.SendAsync(new Mail(person.Email, person.Name, letter.Subject, letter.Text, $"{letter.MailId}@ticmate"), ct);
        }
        catch (MailRefusedException refused)
        {
            // Final: the server will not take this mail, however often it is offered.
            log.LogWarning("Mail {MailId} to user {UserId} was refused with status {Status}", letter.MailId, letter.UserId, refused.Status);
        }
    }

    public Task ForgetAsync(string partOfMailId, CancellationToken ct)
    {
        kept.Remove(mail => mail.MessageId.Contains(partOfMailId, StringComparison.Ordinal));
        return Task.CompletedTask;
    }

    private async Task<PersonalData?> AddresseeAsync(Guid userId, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        var batch = session.CreateBatchQuery();
        var loadingUser = batch.Load<User>(userId);
        var loadingPerson = batch.Load<PersonalData>(userId);
        await batch.Execute(ct);
        return await loadingUser is { IsActive: true } && await loadingPerson is { } person && EmailAddress.IsValid(person.Email) ? person : null;
    }
}
