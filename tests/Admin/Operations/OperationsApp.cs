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
