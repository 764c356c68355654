using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace TicMate.Identity.Email;

/// <summary>The sections <c>Mail</c> and <c>Smtp</c> of the configuration. <see cref="MailTransports"/> says what they amount to.</summary>
public sealed class MailOptions
{
    /// <summary><c>Mail:From</c>: who mails come from, with or without a name. Nobody reads what is sent there.</summary>
    public string From { get; set; } = "TICMaTe <no-reply@localhost>";

    /// <summary><c>Mail:ResendApiKey</c>: sends through Resend's relay and goes before <see cref="Smtp"/>. Secret.</summary>
    public string? ResendApiKey { get; set; }

    /// <summary><c>Mail:Folder</c>: where mails land in Development when nothing else is set; relative to the working directory.</summary>
    public string Folder { get; set; } = "artifacts/mail";

    /// <summary>The section <c>Smtp</c>.</summary>
    public SmtpOptions Smtp { get; set; } = new();
}

/// <summary>Any SMTP server.</summary>
public sealed class SmtpOptions
{
    /// <summary><c>Smtp:Host</c>: empty means no such server.</summary>
    public string? Host { get; set; }

    /// <summary><c>Smtp:Port</c>: 587 unless told, 465 for <c>tls</c>.</summary>
    public int? Port { get; set; }

    /// <summary><c>Smtp:User</c>: empty means no login.</summary>
    public string? User { get; set; }

    /// <summary><c>Smtp:Password</c>: secret.</summary>
    public string? Password { get; set; }

    /// <summary>
    /// <c>Smtp:Security</c>: <c>none</c>, <c>starttls</c>, <c>tls</c> (from the first byte) or <c>auto</c>, which takes what the server
    /// offers but never sends a password in clear to another machine.
    /// </summary>
    public string Security { get; set; } = "auto";

    /// <summary><c>Smtp:TimeoutSeconds</c>: how long to wait for one answer. A whole mail gets three times as long.</summary>
    public int TimeoutSeconds { get; set; } = 10;
}

/// <summary>Reads the two sections when first asked, so that sources added late (tests, commands) count.</summary>
public sealed class ReadMailOptions(IConfiguration configuration) : IConfigureOptions<MailOptions>
{
    public void Configure(MailOptions options)
    {
        configuration.GetSection("Mail").Bind(options);
        configuration.GetSection("Smtp").Bind(options.Smtp);
    }
}
