using Microsoft.Extensions.Hosting;

namespace TicMate.Identity.Sessions.Throttle;

/// <summary>Once an hour, counters that mean nothing any more go. Several nodes may do it at once.</summary>
public sealed class SweepFailures(SignInThrottle throttle, TimeProvider clock, ILogger<SweepFailures> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await throttle.SweepAsync(stoppingToken);
            }
            catch (Npgsql.NpgsqlException e)
            {
                log.LogWarning(e, "Old sign-in counters are swept in an hour: the database did not answer");
            }
        }
    }
}
