using System.Diagnostics;
using System.Diagnostics.Metrics;
using Marten;
using Marten.Services;
using TicMate.Identity.Contracts;

namespace TicMate.Identity;

/// <summary>What this module counts and times. Tags are words of the code; never an id, a name or an address.</summary>
public sealed class IdentityTelemetry : DocumentSessionListenerBase, IConfigureMarten
{
    public const string Name = "TicMate.Identity";

    private static readonly Meter Meter = new(Name);

    public static readonly ActivitySource Source = new(Name);

    public static readonly Counter<long> SignIns = Meter.CreateCounter<long>(
        "ticmate.sign_in.attempts", "{attempt}", "Tries to sign in, by what came of them: success, wrong-credentials, too-many-attempts, account-inactive, email-not-verified.");

    public static readonly Counter<long> Throttled = Meter.CreateCounter<long>(
        "ticmate.sign_in.throttled", "{attempt}", "Tries refused before the password was looked at, by the counter that was over.");

    public static readonly Counter<long> Mails = Meter.CreateCounter<long>(
        "ticmate.mail.attempts", "{mail}", "Mails handed over, or not: sent, refused (for good) or unavailable (to be tried again), by kind.");

    public void Configure(IServiceProvider services, StoreOptions options) => options.Listeners.Add(this);

    // A sign-in is one once its session is stored.
    public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
    {
        var signedIn = commit.GetStreams().Sum(stream => stream.Events.Count(e => e.Data is SignedIn));
        if (signedIn > 0)
            SignIns.Add(signedIn, new KeyValuePair<string, object?>("outcome", "success"));

        return Task.CompletedTask;
    }
}
