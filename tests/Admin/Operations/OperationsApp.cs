using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using TicMate.Host;
using TicMate.Tests.Fakes;

namespace TicMate.Tests.Admin.Operations;

/// <summary>The service with a mail server that is given up soon, and read models of its own that nobody else's tests touch.</summary>
public sealed class OperationsApp : App
{
    public LogSink Log { get; } = new();

    protected override IEnumerable<(string, string)> Settings => [("Mail:TryAgainAfter:0", "00:00:00.050")];

    protected override void Configure(IServiceCollection services) => services.AddLogging(logging => logging.AddProvider(Log));
}

[CollectionDefinition]
public sealed class OneOperationsApp : ICollectionFixture<OperationsApp>;

[Collection<OneOperationsApp>]
public abstract class OperationsScenarios(OperationsApp app) : Scenarios(app)
{
    protected new OperationsApp App => app;

    /// <summary>Looks again and again until it is so; fails after half a minute.</summary>
    protected static async Task Until(Func<Task<bool>> isSo, string what)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        try
        {
            while (!await isSo())
                await timer.WaitForNextTickAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!Ct.IsCancellationRequested)
        {
            throw new TimeoutException($"It never came to it that {what}.");
        }
    }

    protected async Task<T> Sql<T>(string sql, params object[] values)
    {
        await using var connection = new NpgsqlConnection(Host.Services.GetRequiredService<Microsoft.Extensions.Configuration.IConfiguration>()["ConnectionStrings:Database"]);
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return (T)(await command.ExecuteScalarAsync(Ct))!;
    }
}
