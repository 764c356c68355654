namespace TicMate.Identity.Contracts;

/// <summary>
/// Sends e-mail to people by their id; addresses never leave Identity. Call it from a message handler: a failed delivery throws, and the
/// message is tried again later. Someone who is gone or deactivated gets nothing.
/// </summary>
public interface IPostOffice
{
    Task SendAsync(Letter letter, CancellationToken ct);

    /// <summary>Removes what is kept of mails whose id holds this text; in Development, where mails are kept.</summary>
    Task ForgetAsync(string partOfMailId, CancellationToken ct);
}

/// <param name="MailId">Identifies the mail, not the attempt: sent twice, it carries the same <c>Message-ID</c>.</param>
public sealed record Letter(Guid UserId, string MailId, string Subject, string Text);
