using TicMate.Bench.Fill;

namespace TicMate.Bench.Measure;

/// <summary>How much longer one reader waits than with a thousand tickets.</summary>
public static class Sizes
{
    public const int Small = 1_000;

    private const int Rounds = 3;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3), Time = TimeSpan.FromSeconds(1);

    public const string Header = """
        | operation | p50 ms | p50 ms with 1,000 tickets | times |
        | --- | ---: | ---: | ---: |
        """;

    /// <summary>The worst of all operations that read, and a row for each.</summary>
    public static async Task<(Figure Worst, IReadOnlyList<string> Rows)> MeasureAsync(Testbed testbed, ServiceProcess large, CancellationToken ct)
    {
        var database = await testbed.Server.CreateDatabaseAsync("small");
        await new FillDatabase(database, Small, FillDatabase.FewestPeople, testbed.Order.Texts, testbed.Order.Seed).RunAsync(ct);
        World world;
        await using (var service = new Service(database, isAtWork: false))
            world = await World.SignInAsync(service, ct);

        await using var small = await testbed.StartAsync(database);
        await using (var meter = testbed.Meter(database, large, small))
            await meter.RestAsync(TimeSpan.FromMinutes(1));

        List<(Operation Operation, long Large, long Small)> all = [];
        foreach (var operation in Operation.All.Where(operation => operation.IsRead))
            all.Add(await MediansAsync(operation, (large, [.. operation.Calls(testbed.World)]), (small, [.. operation.Calls(world)])));

        var (name, times) = all.Select(each => (each.Operation.Name, (double)each.Large / each.Small)).MaxBy(each => each.Item2);
        return (
            Figure.AtMost(Figure.Text($"sizes: p50 with {testbed.Order.Size:N0} tickets, of that with {Small:N0}, at worst"), times, 1.3, "×", $" ({name})"),
            [.. all.Select(each => Figure.Text($"| {each.Operation.Name} | {each.Large / 1e3:0.00} | {each.Small / 1e3:0.00} | {(double)each.Large / each.Small:0.00} |"))]);
    }

    // In turn, and the best of each: what else the machine does only ever makes them longer.
    private static async Task<(Operation, long Large, long Small)> MediansAsync(Operation operation, params (ServiceProcess Service, ApiCall[] Calls)[] both)
    {
        foreach (var (service, calls) in both)
            await Load.RunAsync(service.Address, calls, 16, WarmUp);

        var medians = both.Select(_ => new List<long>()).ToArray();
        for (var round = 0; round < Rounds; round++)
            foreach (var ((service, calls), found) in both.Zip(medians))
                found.Add((await Load.RunAsync(service.Address, calls, 1, Time)).P50);
        return (operation, medians[0].Min(), medians[1].Min());
    }
}
