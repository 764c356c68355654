using TicMate.Identity.Contracts;

namespace TicMate.Identity.Email;

/// <summary>Every mail passes here, and none while the service is held.</summary>
public sealed class HeldMailer(Mailer mailer, Held held) : IMailer
{
    public async Task SendAsync(Mail mail, CancellationToken ct)
    {
        await held.RefuseAsync(ct);
        await mailer.SendAsync(mail, ct);
    }
}
