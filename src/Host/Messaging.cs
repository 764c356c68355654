using JasperFx;
using JasperFx.CodeGeneration;
using JasperFx.Core;
using TicMate.Identity.Contracts;
using TicMate.Identity.Email;
using Wolverine;
using Wolverine.ErrorHandling;

namespace TicMate.Host;

/// <summary>How messages are kept, retried and shared between nodes.</summary>
public static class Messaging
{
    /// <summary>A Release build runs the code that was generated when it was built, and carries no compiler.</summary>
#if DEBUG
    public const TypeLoadMode CodeMode = TypeLoadMode.Dynamic;
#else
    public const TypeLoadMode CodeMode = TypeLoadMode.Static;
#endif

    /// <summary>Where a Debug build writes that code, for the Release build to compile.</summary>
    public static string GeneratedCode => Path.Combine(Database.Checkout, "src", "Host", "Internal", "Generated");

    private static readonly TimeSpan[] TwoDays = [1.Minutes(), 5.Minutes(), 15.Minutes(), 1.Hours(), 3.Hours(), 6.Hours(), 12.Hours(), 24.Hours()];

    public static void UseHouseRules(this WolverineOptions wolverine, IConfiguration configuration)
    {
        wolverine.MultipleHandlerBehavior = MultipleHandlerBehavior.Separated;
        wolverine.EnableRelayOfUserName = true;
        wolverine.Policies.AutoApplyTransactions();
        wolverine.Policies.UseDurableLocalQueues();

        // A restored copy keeps its mails and its questions to the model; resume makes them due at once, and this asks again in case it missed one.
        wolverine.OnException<HeldException>().ScheduleRetryIndefinitely(15.Minutes());

        // A mail server that is away is asked again for two days; anything else gets over a restart of the database, then waits as a dead letter.
        wolverine.OnException<MailUnavailableException>().ScheduleRetry(configuration.GetSection("Mail:TryAgainAfter").Get<TimeSpan[]>() ?? TwoDays);
        wolverine.Policies.OnAnyException().RetryWithCooldown(250.Milliseconds(), 1.Seconds(), 3.Seconds(), 5.Seconds(), 10.Seconds());

        var durability = wolverine.Durability;
        durability.MessageStorageSchemaName = "wolverine";
        durability.DeadLetterQueueExpirationEnabled = true;

        // One node needs nobody's leave to start; several watch each other closely, so that a dead one's work waits seconds, not minutes.
        durability.Mode = configuration.GetValue("Nodes", 1) == 1 ? DurabilityMode.Solo : DurabilityMode.Balanced;
        durability.HealthCheckPollingTime = 2.Seconds();
        durability.StaleNodeTimeout = 8.Seconds();
        durability.NodeReassignmentPollingTime = 2.Seconds();
        durability.ScheduledJobFirstExecution = 500.Milliseconds();
        durability.ScheduledJobPollingTime = 1.Seconds();
        durability.CheckAssignmentPeriod = 5.Seconds();
        durability.NodeAssignmentHealthCheckTracingEnabled = false;
    }
}
