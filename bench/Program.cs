using TicMate.Bench.Fill;

namespace TicMate.Bench;

public static class Bench
{
    public static async Task<int> Main(string[] args)
    {
        string? Option(string name) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
        int Number(string name, int otherwise) => Option(name) is { } value ? int.Parse(value, System.Globalization.CultureInfo.InvariantCulture) : otherwise;

        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };
        switch (args.FirstOrDefault(), Option("--database"))
        {
            case ("fill", { } database):
                await new FillDatabase(database, Number("--size", 100_000), Number("--users", 5_000), Option("--texts"), Number("--seed", 1)).RunAsync(stop.Token);
                return 0;
            case ("check", { } database):
                return await new CheckDatabase(database).RunAsync(stop.Token);
            default:
                Console.Error.WriteLine("fill --database <connection string> [--size 100000] [--users 5000] [--texts file.csv] [--seed 1]\ncheck --database <connection string>");
                return 64;
        }
    }
}
