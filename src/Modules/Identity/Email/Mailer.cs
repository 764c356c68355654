using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace TicMate.Identity.Email;

/// <summary>The transport in force. It is chosen when the first mail is due, so that configuration added late counts.</summary>
public sealed class Mailer(IOptions<MailOptions> options, IHostEnvironment environment, SmtpMailer smtp, FolderMailbox folder) : IMailer
{
    public Task SendAsync(Mail mail, CancellationToken ct) =>
        MailTransports.InForce(options.Value, environment.IsDevelopment()) switch
        {
            MailTransport.Resend or MailTransport.Smtp => smtp.SendAsync(mail, ct),
            MailTransport.Folder => folder.SendAsync(mail, ct),
            _ => throw new MailUnavailableException("Nothing carries mail: set Mail:ResendApiKey or Smtp:Host."),
        };
}

public static class MailRegistration
{
    /// <summary>
    /// <see cref="IMailer"/> and what it needs, by type. The host asks <see cref="MailTransports.Problems"/> before it starts and, in
    /// Development only, calls <see cref="DevMailbox.MapDevMailbox"/>.
    /// </summary>
    public static IServiceCollection AddMail(this IServiceCollection services)
    {
        services.AddOptions();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IConfigureOptions<MailOptions>, ReadMailOptions>();
        services.AddSingleton<SmtpMailer>();
        services.AddSingleton<FolderMailbox>();
        services.AddSingleton<IMailer, Mailer>();
        return services;
    }
}
