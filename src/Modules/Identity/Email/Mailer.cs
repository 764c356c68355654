using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Email;

/// <summary>The transport in force. It is chosen when the first mail is due, so that configuration added late counts.</summary>
public sealed class Mailer(IOptions<MailOptions> options, IHostEnvironment environment, SmtpMailer smtp, FolderMailbox folder, MailDiary diary) : IMailer
{
    public async Task SendAsync(Mail mail, CancellationToken ct)
    {
        using var span = IdentityTelemetry.Source.StartActivity("mail send", ActivityKind.Client);
        span?.SetTag("ticmate.mail.kind", mail.Kind).SetTag("ticmate.mail.transport", InForce.ToString().ToLowerInvariant());
        try
        {
            await CarryAsync(mail, ct);
            diary.Sent();
            Count(mail, "sent");
        }
        catch (MailUnavailableException unavailable)
        {
            diary.Failed(unavailable.Status);
            Count(mail, "unavailable");
            span?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", "unavailable");
            throw;
        }
        catch (MailRefusedException refused)
        {
            diary.Failed(refused.Status);
            Count(mail, "refused");
            span?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", "refused");
            throw;
        }
    }

    private MailTransport InForce => MailTransports.InForce(options.Value, environment.IsDevelopment());

    private static void Count(Mail mail, string outcome) => IdentityTelemetry.Mails.Add(1, new KeyValuePair<string, object?>("kind", mail.Kind), new("outcome", outcome));

    private Task CarryAsync(Mail mail, CancellationToken ct) =>
        InForce switch
        {
            MailTransport.Resend or MailTransport.Smtp => smtp.SendAsync(mail, ct),
            MailTransport.Folder => folder.SendAsync(mail, ct),
            _ => throw new MailUnavailableException("Nothing carries mail: set Mail:ResendApiKey or Smtp:Host."),
        };
}

/// <summary>When a mail was last handed over on this node, and when one was not.</summary>
public sealed class MailDiary(TimeProvider clock)
{
    private sealed record Entry(DateTimeOffset At, int? Status);

    private volatile Entry? success, failure;

    public void Sent() => success = new(clock.GetUtcNow(), null);

    public void Failed(int? status) => failure = new(clock.GetUtcNow(), status);

    public MailState With(MailTransport transport) => new(transport.ToString().ToLowerInvariant(), success?.At, failure?.At, failure?.Status);
}

public sealed class ReadMailState(MailDiary diary, IOptions<MailOptions> options, IHostEnvironment environment) : IMailState
{
    public MailState Now => diary.With(MailTransports.InForce(options.Value, environment.IsDevelopment()));
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
        services.AddSingleton<MailDiary>();
        services.AddSingleton<IMailState, ReadMailState>();
        services.AddSingleton<IMailer, Mailer>();
        return services;
    }
}
