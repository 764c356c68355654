using System.Net;
using MailKit.Security;
using MimeKit;

namespace TicMate.Identity.Email;

/// <summary>What carries mail.</summary>
public enum MailTransport { None, Resend, Smtp, Folder }

/// <summary>A server to hand mail to.</summary>
public sealed record SmtpServer(string Host, int Port, string? User, string? Password, SecureSocketOptions Security, TimeSpan Timeout)
{
    // Without this a log line with the record in it would tell the password.
    public override string ToString() => $"{Host}:{Port}";
}

/// <summary>What the options amount to. Pure.</summary>
public static class MailTransports
{
    /// <summary>The transport in force: Resend, else an SMTP server, else in Development the folder.</summary>
    public static MailTransport InForce(MailOptions options, bool development) =>
        !string.IsNullOrWhiteSpace(options.ResendApiKey) ? MailTransport.Resend
        : !string.IsNullOrWhiteSpace(options.Smtp.Host) ? MailTransport.Smtp
        : development ? MailTransport.Folder
        : MailTransport.None;

    /// <summary>The server of <see cref="MailTransport.Resend"/> or <see cref="MailTransport.Smtp"/>.</summary>
    public static SmtpServer Server(MailOptions options)
    {
        var timeout = TimeSpan.FromSeconds(options.Smtp.TimeoutSeconds);
        if (!string.IsNullOrWhiteSpace(options.ResendApiKey))
            return new("smtp.resend.com", 465, "resend", options.ResendApiKey.Trim(), SecureSocketOptions.SslOnConnect, timeout);

        var smtp = options.Smtp;
        var host = smtp.Host?.Trim() ?? throw new ArgumentException("There is no SMTP server in these options.", nameof(options));
        var user = string.IsNullOrWhiteSpace(smtp.User) ? null : smtp.User;
        var security = Named(smtp.Security) ?? SecureSocketOptions.Auto;
        var port = smtp.Port ?? (security == SecureSocketOptions.SslOnConnect ? 465 : 587);
        return new(host, port, user, smtp.Password, security == SecureSocketOptions.Auto ? Auto(host, port, user) : security, timeout);
    }

    /// <summary>What is wrong with the options, in words that name the setting and never its value. Empty: nothing.</summary>
    /// <param name="options">As configured.</param>
    /// <param name="development">Whether the folder will do.</param>
    /// <param name="allowLoopback"><c>Outbound:AllowLoopback</c>: whether a server on this machine will do outside Development.</param>
    public static IReadOnlyList<string> Problems(MailOptions options, bool development, bool allowLoopback)
    {
        var transport = InForce(options, development);
        List<string> problems = [];
        if (!MailboxAddress.TryParse(options.From, out var from) || !from.Address.Contains('@', StringComparison.Ordinal))
            problems.Add("Mail:From is not an e-mail address.");
        else if (transport == MailTransport.Resend && IsLoopback(from.Domain))
            problems.Add("Mail:From must be an address of a domain that is verified at Resend.");

        if (transport == MailTransport.None)
            problems.Add("Nothing carries mail: set Mail:ResendApiKey, or Smtp:Host with Smtp:Port, Smtp:User and Smtp:Password.");
        if (transport == MailTransport.Folder && string.IsNullOrWhiteSpace(options.Folder))
            problems.Add("Mail:Folder is empty.");
        if (options.Smtp.TimeoutSeconds is < 1 or > 60)
            problems.Add("Smtp:TimeoutSeconds must be 1 to 60.");

        return transport == MailTransport.Smtp ? [.. problems, .. SmtpProblems(options.Smtp, development, allowLoopback)] : problems;
    }

    private static IEnumerable<string> SmtpProblems(SmtpOptions smtp, bool development, bool allowLoopback)
    {
        if (Uri.CheckHostName(smtp.Host?.Trim()) == UriHostNameType.Unknown)
            yield return "Smtp:Host is not the name or address of a host.";
        else if (!development && !allowLoopback && IsLoopback(smtp.Host))
            yield return "Smtp:Host is this machine, which needs Outbound:AllowLoopback.";
        if (smtp.Port is < 1 or > 65_535)
            yield return "Smtp:Port must be 1 to 65535.";
        if (string.IsNullOrWhiteSpace(smtp.User) != string.IsNullOrEmpty(smtp.Password))
            yield return "Smtp:User and Smtp:Password go together.";
        if (Named(smtp.Security) is not { } security)
            yield return "Smtp:Security must be none, starttls, tls or auto.";
        else if (security == SecureSocketOptions.None && !string.IsNullOrWhiteSpace(smtp.User) && !development && !IsLoopback(smtp.Host))
            yield return "Smtp:Security none would send Smtp:Password in clear.";
    }

    private static SecureSocketOptions? Named(string security) => security?.Trim().ToUpperInvariant() switch
    {
        "NONE" => SecureSocketOptions.None,
        "STARTTLS" => SecureSocketOptions.StartTls,
        "TLS" => SecureSocketOptions.SslOnConnect,
        "AUTO" => SecureSocketOptions.Auto,
        _ => null,
    };

    // Merely "when available" lets whoever sits on the line hide STARTTLS and read the password.
    private static SecureSocketOptions Auto(string host, int port, string? user) =>
        port == 465 ? SecureSocketOptions.SslOnConnect
        : user is null || IsLoopback(host) ? SecureSocketOptions.StartTlsWhenAvailable
        : SecureSocketOptions.StartTls;

    private static bool IsLoopback(string? host) =>
        string.Equals(host?.Trim(), "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host?.Trim().Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
