using Microsoft.Extensions.Hosting;

namespace TicMate.Identity.Contracts;

/// <summary>
/// Work that a node does once an hour, the first time at a random moment of its first hour, so that nodes started together do not work
/// together. Several may do it at once. What fails is a warning, and is tried again in an hour.
/// </summary>
public abstract class HourlyWork(TimeProvider clock, ILogger log) : BackgroundService
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    protected TimeProvider Clock => clock;

    /// <summary>The work, once.</summary>
    public abstract Task WorkAsync(CancellationToken ct);

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var pause = Hour * Random.Shared.NextDouble(); ; pause = Hour)
        {
            await Task.Delay(pause, clock, stoppingToken);
            try
            {
                await WorkAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogWarning(e, "{Work} failed; it is tried again in an hour", GetType().Name);
            }
        }
    }
}
