using Microsoft.Extensions.Hosting;

namespace TicMate.Tickets.Live;

public static class LiveModule
{
    public static void AddLive(this IServiceCollection services)
    {
        services.AddOptions<LiveOptions>().BindConfiguration("Live");
        services.AddSingleton<TicketLog>();
        services.AddSingleton<TicketFeed>();
        services.AddSingleton<TicketStreams>();
        services.AddHostedService(provider => provider.GetRequiredService<TicketFeed>());
        services.AddHostedService<CloseStreams>();
    }
}

/// <summary>Streams end when the node begins to stop: the web server waits for open answers before it stops the rest.</summary>
public sealed class CloseStreams(TicketFeed feed, IHostApplicationLifetime lifetime) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStopping.Register(feed.Close);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
