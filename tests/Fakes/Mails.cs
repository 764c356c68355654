namespace TicMate.Tests.Fakes;

/// <summary>Finds the mail that a test is about among those of all tests.</summary>
public static class Mails
{
    public static async Task<ReceivedMail> MailFor(this SmtpListener smtp, string address, CancellationToken ct)
    {
        while (true)
            if (await smtp.NextAsync(ct) is var mail && mail.To.Contains(address))
                return mail;
    }
}
