using System.CommandLine;
using TicMate.Bench.Fill;
using TicMate.Bench.Measure;

namespace TicMate.Bench;

/// <summary>Fills databases and measures the service on them. <c>bench/run</c> starts it; docs/performance.md tells about it.</summary>
public static class Bench
{
    private static readonly Option<int> Size = new("--size") { Description = "How many tickets.", DefaultValueFactory = _ => 100_000 };
    private static readonly Option<int> Users = new("--users") { Description = "How many people.", DefaultValueFactory = _ => 5_000 };
    private static readonly Option<string?> Texts = new("--texts") { Description = "A CSV file with a column text, which tickets are made of." };
    private static readonly Option<int> Seed = new("--seed") { Description = "The same seed makes the same tickets.", DefaultValueFactory = _ => 1 };
    private static readonly Option<string> Database = new("--database") { Description = "A connection string.", Required = true };
    private static readonly Option<string> Superuser = new("--superuser") { Description = "The connection string of one who may do anything on the server.", Required = true };
    private static readonly Option<string> App = new("--app") { Description = "The folder of the published service.", Required = true };
    private static readonly Option<string> Output = new("--output") { Description = "The folder to write the table to.", DefaultValueFactory = _ => "artifacts/bench" };
    private static readonly Option<string?> Only = new("--only") { Description = "Names of operations and figures, with commas between." };
    private static readonly Option<string> Connections = new("--connections") { Description = "How many connections, with commas between.", DefaultValueFactory = _ => "1,16,64" };
    private static readonly Option<double> Seconds = new("--seconds") { Description = "How long each operation is measured with so many connections.", DefaultValueFactory = _ => 5 };
    private static readonly Option<bool> Smoke = new("--smoke") { Description = "Look whether everything works and counts its statements right, and at no time." };

    public static async Task<int> Main(string[] args)
    {
        var fill = new Command("fill", "Fill a database.") { Database, Size, Users, Texts, Seed };
        fill.SetAction((given, ct) => new FillDatabase(given.GetValue(Database)!, given.GetValue(Size), given.GetValue(Users), given.GetValue(Texts), given.GetValue(Seed)).RunAsync(ct));
        var check = new Command("check", "Check whether a filled database is what the service itself would have made.") { Database };
        check.SetAction((given, ct) => new CheckDatabase(given.GetValue(Database)!).RunAsync(ct));
        var run = new Command("run", "Fill a database, load the published service, and write the figures.") { Superuser, App, Output, Size, Users, Texts, Seed, Only, Connections, Seconds, Smoke };
        run.SetAction(async (given, ct) =>
        {
            var order = new Order(
                given.GetValue(Superuser)!, given.GetValue(App)!, Path.GetFullPath(given.GetValue(Output)!), given.GetValue(Size), given.GetValue(Users), given.GetValue(Texts), given.GetValue(Seed),
                [.. given.GetValue(Connections)!.Split(',').Select(int.Parse)], TimeSpan.FromSeconds(given.GetValue(Seconds)), given.GetValue(Only)?.Split(','), given.GetValue(Smoke));
            try
            {
                return await new Benchmark(order).RunAsync(ct) ? 0 : 1;
            }
            catch (BenchException e)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return 1;
            }
        });
        return await new RootCommand("Fills databases and measures the service on them.") { fill, check, run }.Parse(args).InvokeAsync();
    }
}
