using System.CommandLine;
using Spectre.Console;
using TicMate.Identity.Accounts;
using TicMate.Identity.Links;

namespace TicMate.Host;

/// <summary>The first admin of an installation, made by whoever has the machine.</summary>
public sealed class CreateAdminCommand : IOwnCommand
{
    private readonly Argument<string> email = new("email") { Description = "The address to sign in with." };
    private readonly Option<string> name = new("--name") { Description = "How the admin is called.", DefaultValueFactory = _ => "Admin" };

    private readonly Option<bool> link = new("--link") { Description = "Print a one-time link that sets the password, instead of asking for it here." };

    public CreateAdminCommand() => Syntax = new Command("create-admin", "Make the first admin. The password is asked for, or read from standard input.") { email, name, link };

    public Command Syntax { get; }

    public async Task<int> RunAsync(WebApplication app, ParseResult given, CancellationToken ct)
    {
        var (address, byLink) = (given.GetValue(email)!, given.GetValue(link));
        var password = byLink ? null : await PasswordAsync(ct);
        if (!byLink && password is null)
        {
            await Console.Error.WriteLineAsync("The two passwords differ. Nothing was changed.");
            return 1;
        }

        var (id, refusal) = await app.Services.GetRequiredService<CreateAdmin>().RunAsync(address, given.GetValue(name)!, password, ct);
        if (refusal is not null)
        {
            await Console.Error.WriteLineAsync(refusal);
            return 1;
        }

        Console.WriteLine(byLink
            ? $"{address} is an admin once the password is set, within seven days: {await app.Services.GetRequiredService<AccountLinks>().ForInvitationAsync(id, ct)}"
            : $"{address} is an admin now.");
        return 0;
    }

    // Never as an argument: those are seen by everybody on the machine and kept in the shell's history.
    private static async Task<string?> PasswordAsync(CancellationToken ct)
    {
        if (Console.IsInputRedirected)
            return await Console.In.ReadLineAsync(ct) ?? "";

        var first = await AnsiConsole.PromptAsync(new TextPrompt<string>("Password:").Secret(), ct);
        var second = await AnsiConsole.PromptAsync(new TextPrompt<string>("Once more:").Secret(), ct);
        return first == second ? first : null;
    }
}
