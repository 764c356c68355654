using System.Net.Sockets;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using Microsoft.Extensions.Options;
using MimeKit;

namespace TicMate.Identity.Email;

/// <summary>Hands mail to an SMTP server, one connection each: they are few, and a kept connection is one more thing to break.</summary>
public sealed class SmtpMailer(IOptions<MailOptions> options, TimeProvider clock) : IMailer
{
    public async Task SendAsync(Mail mail, CancellationToken ct)
    {
        var server = MailTransports.Server(options.Value);
        var resend = MailTransports.InForce(options.Value, development: false) == MailTransport.Resend;
        using var message = MailMessages.Compose(mail, MailboxAddress.Parse(options.Value.From), clock.GetUtcNow(), resend);

        // The client's own timeout starts anew with every byte, so a dripping server would hold it for ever.
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(3 * server.Timeout);
        using var smtp = new SmtpClient { Timeout = (int)server.Timeout.TotalMilliseconds };
        var connected = false;
        try
        {
            await ConnectAsync(smtp, server, deadline.Token);
            connected = true;
            await smtp.SendAsync(message, deadline.Token);
        }
        catch (Exception e)
        {
            // Thrown anew, never passed on: what the client threw may quote the address.
            ct.ThrowIfCancellationRequested();
            throw Failure(e, connected);
        }

        await QuitAsync(smtp);
    }

    private static async Task ConnectAsync(SmtpClient smtp, SmtpServer server, CancellationToken ct)
    {
        using var answer = CancellationTokenSource.CreateLinkedTokenSource(ct);
        answer.CancelAfter(server.Timeout);
        await smtp.ConnectAsync(server.Host, server.Port, server.Security, answer.Token);
        if (server.User is not null)
            await smtp.AuthenticateAsync(server.User, server.Password ?? "", ct);
    }

    /// <summary>Only a 5xx to the mail itself is final. One to the connection or the login can be mended in the settings.</summary>
    private static Exception Failure(Exception e, bool connected) => e switch
    {
        SmtpCommandException { StatusCode: var status, ErrorCode: var what } => connected && (int)status >= 500
            ? new MailRefusedException($"The mail server refused with {(int)status} ({what}).", (int)status)
            : new MailUnavailableException($"The mail server answered {(int)status} ({what}).", (int)status),
        AuthenticationException or ServiceNotAuthenticatedException => Unavailable("The mail server did not accept the login."),
        SslHandshakeException => Unavailable("The mail server's TLS certificate was not accepted, or it speaks no TLS."),
        OperationCanceledException or TimeoutException => Unavailable("The mail server did not answer in time."),
        SocketException socket => Unavailable($"The mail server cannot be reached ({socket.SocketErrorCode})."),
        NotSupportedException => Unavailable("The mail server lacks what the settings ask for: STARTTLS or a login."),
        _ => Unavailable($"The connection to the mail server broke ({e.GetType().Name})."),
    };

    private static MailUnavailableException Unavailable(string why) => new(why);

    // The mail is taken: an error here, or a caller who gave up, must not have it sent again.
    private static async Task QuitAsync(SmtpClient smtp)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            await smtp.DisconnectAsync(quit: true, patience.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutException or IOException or SocketException
            or ProtocolException or CommandException)
        {
        }
    }
}
