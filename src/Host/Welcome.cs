using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using TicMate.Identity.Email;
using TicMate.Identity.Registration;
using TicMate.Tickets.Triage;

namespace TicMate.Host;

/// <summary>What a newcomer sees when the service is up: where things are, who to sign in as, what runs on its built-in default.</summary>
public static class Welcome
{
    public static void Greet(this WebApplication app, LocalPostgres? postgres) => app.Lifetime.ApplicationStarted.Register(() =>
    {
        if (app.Environment.IsDevelopment() && app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() is { } address)
            Console.WriteLine(Text(app, postgres, address));
    });

    private static string Text(WebApplication app, LocalPostgres? postgres, string address)
    {
        var model = app.Services.GetRequiredService<IOptions<AiOptions>>().Value;
        var mail = MailTransports.InForce(app.Services.GetRequiredService<IOptions<MailOptions>>().Value, development: true);

        return $"""

              TICMaTe is running.

                API         {address}
                Reference   {address}/docs
                Mailbox     {(mail is MailTransport.Folder ? $"{address}/dev/mail" : "mails are sent for real")}
                Sign in as  {string.Join($"{Environment.NewLine}                ", DemoAccounts.All.Select(a => $"{a.Email,-15} {a.Password,-15} {a.Role,-9} {string.Join(", ", a.Skills)}".TrimEnd()))}
                Data        {(postgres is null ? "the database you named" : $"{postgres.Folder} (PostgreSQL of our own)")}
                Triage      {(model.IsOn ? model.Model : "the built-in advisor; set GEMINI_API_KEY to ask Gemini")}
                Mail        {(mail is MailTransport.Folder ? "kept in the mailbox; set RESEND_API_KEY or Smtp:Host to send" : mail)}

              Stop with Ctrl+C.

            """;
    }
}
