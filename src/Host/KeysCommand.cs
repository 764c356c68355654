using System.CommandLine;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using TicMate.Identity;
using TicMate.Identity.Sessions;

namespace TicMate.Host;

/// <summary>Says which keys sign sessions, and makes the next secret. It shows no secret that is in use.</summary>
public sealed class KeysCommand : IOwnCommand
{
    public KeysCommand()
    {
        var list = new Command("list", "The ids of the keys, as tokens carry them: the one that signs, then those that only verify.");
        list.SetAction((_, ct) => ListAsync(ct));
        var rotate = new Command("rotate", "Print a new secret, and how to change to it.");
        rotate.SetAction(_ => Console.WriteLine(Steps(NewSecret())));
        Syntax = new Command("keys", "The keys of sessions, all derived from JWT_SECRET.") { list, rotate };
    }

    public Command Syntax { get; }

    public static string NewSecret() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(48));

    public static string Steps(string secret) =>
        $"""
        {secret}

        1. Move the value of JWT_SECRET to JWT_SECRET_PREVIOUS, and set JWT_SECRET to the line above. Restart the service.
           Nobody is signed out: the old key verifies what it signed, and everything new is signed with the new one.
           With several nodes, first restart all of them with the new secret in JWT_SECRET_PREVIOUS, then all with the two swapped.
        2. Eight days later empty JWT_SECRET_PREVIOUS and restart: nothing made with the old secret is good any more by then.
        If the old secret may be known to somebody, leave JWT_SECRET_PREVIOUS empty in the first step: everybody signs in again.
        """;

    /// <summary>The ids, the signing key's first.</summary>
    public static IEnumerable<string> Ids(SignInOptions options) => new AccessTokens(new Keys(Options.Create(options)), TimeProvider.System).KeyIds;

    private static async Task<int> ListAsync(CancellationToken ct)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        try
        {
            builder.AddSettings(["keys"]);
        }
        catch (SettingException e)
        {
            await Console.Error.WriteLineAsync(e.Message.AsMemory(), ct);
            return 78; // EX_CONFIG of sysexits.h
        }

        foreach (var (index, id) in Ids(new() { Secret = builder.Configuration["Identity:Secret"]!, PreviousSecrets = builder.Configuration.PreviousSecrets() }).Index())
            Console.WriteLine($"{id}  {(index == 0 ? "signs" : "verifies")}");
        return 0;
    }
}
