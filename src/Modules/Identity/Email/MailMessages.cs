using System.Text;
using MimeKit;

namespace TicMate.Identity.Email;

/// <summary>From a <see cref="Mail"/> to what goes over the wire. Pure; headers are written by MimeKit alone.</summary>
public static class MailMessages
{
    /// <exception cref="MailRefusedException">The address or the Message-ID is none.</exception>
    public static MimeMessage Compose(Mail mail, MailboxAddress from, DateTimeOffset now, bool resend)
    {
        var id = MessageId(mail.MessageId);
        var message = new MimeMessage
        {
            Date = now,
            MessageId = id,
            Subject = SingleLine(mail.Subject),
            Body = new TextPart("plain") { Text = Body(mail.Text) },
        };
        message.From.Add(from);
        message.To.Add(Recipient(mail));
        // Both keep out-of-office replies away from an address nobody reads.
        message.Headers.Add(HeaderId.AutoSubmitted, "auto-generated");
        message.Headers.Add("X-Auto-Response-Suppress", "All");
        if (resend)
            message.Headers.Add("Resend-Idempotency-Key", id);
        return message;
    }

    private static MailboxAddress Recipient(Mail mail)
    {
        var address = mail.To;
        // MimeKit would take "Name <a@b.org>" and comments, and sending to an address beyond ASCII fails for ever on most servers.
        if (address is not { Length: > 2 and <= 254 }
            || !address.All(c => c is > ' ' and < '\x7f' && !"<>()[],;:\"\\".Contains(c, StringComparison.Ordinal))
            || !MailboxAddress.TryParse(address, out var mailbox)
            || mailbox.Address != address
            || address.Count(c => c == '@') != 1)
            throw new MailRefusedException("The recipient's address is not valid.");

        mailbox.Name = SingleLine(mail.ToName);
        return mailbox;
    }

    private static string MessageId(string id)
    {
        var bare = id is ['<', .. var inner, '>'] ? inner : id;
        // 200: a header line may have 998 bytes, Resend's key 256.
        return bare is { Length: > 2 and <= 200 }
            && bare.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '+' or '@')
            && MailboxAddress.TryParse(bare, out var parsed) && parsed.Address == bare && bare.Count(c => c == '@') == 1
            ? bare
            : throw new MailRefusedException("The Message-ID is not of the form name@host.");
    }

    // MimeKit folds and encodes what it must; this is so that a line break in a name never becomes its problem.
    private static string SingleLine(string? text) =>
        new([.. (text ?? "").Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c)]);

    // A bare CR or LF inside a body is where servers disagree about where a mail ends.
    private static string Body(string? text)
    {
        var body = new StringBuilder();
        foreach (var c in (text ?? "").ReplaceLineEndings("\n"))
        {
            if (c == '\n')
                body.Append("\r\n");
            else if (c == '\t' || !char.IsControl(c))
                body.Append(c);
        }

        return body.ToString();
    }
}
