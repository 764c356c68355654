using Npgsql;

namespace TicMate.Bench.Measure;

/// <summary>What figures are measured on: a filled database, people who are signed in there, and all that it takes to start the service.</summary>
/// <param name="Filled">The connection string of the service's role.</param>
public sealed record Testbed(Order Order, Server Server, string Filled, World World, int MailPort)
{
    /// <summary>Starts the service on a database, and waits for nothing.</summary>
    public ServiceProcess Begin(string database, params (string Name, string Value)[] settings) => ServiceProcess.Begin(Order.App, database, MailPort, Order.Output, settings);

    /// <summary>Starts the service on a database, and waits until it says that it is ready.</summary>
    public async Task<ServiceProcess> StartAsync(string database, params (string Name, string Value)[] settings)
    {
        var service = Begin(database, settings);
        await service.UntilAsync(service.IsReadyAsync);
        return service;
    }

    /// <summary>Reads what services on a database use.</summary>
    public Meter Meter(string database, params ServiceProcess[] services) =>
        new(Server.In(new NpgsqlConnectionStringBuilder(database).Database!), [.. services.Select(service => service.Id)]);
}
