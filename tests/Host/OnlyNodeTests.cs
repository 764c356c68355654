using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using TicMate.Host;

namespace TicMate.Tests.Host;

public sealed class OnlyNodeTests(App app) : AppTest(app)
{
    [Fact]
    public async Task Beside_a_service_that_is_alone_no_other_starts()
    {
        (await Should.ThrowAsync<SettingException>(() => Prove(Database))).Message.ShouldContain("Nodes");
        (await Prove(Database, nodes: "2")).ShouldBeNull();
    }

    [Fact]
    public async Task When_one_has_ended_the_next_starts()
    {
        var elsewhere = new NpgsqlConnectionStringBuilder(Database) { Database = "postgres" }.ConnectionString;
        var first = (await Prove(elsewhere)).ShouldNotBeNull();
        var second = Prove(elsewhere, patience: TimeSpan.FromMinutes(1));
        second.IsCompleted.ShouldBeFalse();

        await first.DisposeAsync();
        await (await second).ShouldNotBeNull().DisposeAsync();
    }

    private string Database => Host.Services.GetRequiredService<IConfiguration>().GetConnectionString("Database")!;

    private static Task<NpgsqlConnection?> Prove(string database, string nodes = "1", TimeSpan patience = default) => OnlyNode.ProveAsync(
        new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:Database", database), new("Nodes", nodes)]).Build(), patience, NullLogger.Instance);
}
