using System.Diagnostics;
using System.Globalization;
using TicMate.Bench.Fill;

namespace TicMate.Bench.Measure;

/// <summary>What to measure, and with what.</summary>
/// <param name="Superuser">The server, as one who may do anything there.</param>
/// <param name="App">The folder of the published service.</param>
/// <param name="Only">Names of operations and of figures; null for all.</param>
/// <param name="IsSmoke">Asserts how many statements a request is, and looks at no time.</param>
public sealed record Order(string Superuser, string App, string Output, int Size, int Users, string? Texts, int Seed, int[] Connections, TimeSpan Time, string[]? Only, bool IsSmoke)
{
    public bool Wants(string name) => Only is null || Only.Contains(name);

    /// <summary>A smoke run has none: they are times.</summary>
    public bool WantsFigure(string name) => !IsSmoke && (Only is null ? name != Nodes.Name : Only.Contains(name));
}

/// <summary>Fills a database, loads the published service, and writes what it saw as a table.</summary>
public sealed class Benchmark(Order order)
{
    // Until the code that runs most has been compiled for good.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(6), Patience = TimeSpan.FromMinutes(2);

    private readonly List<string> lines = [];
    private readonly Server server = new(order.Superuser);

    /// <summary>Runs all that was ordered. False if a smoke run counted other statements than there should be.</summary>
    public async Task<bool> RunAsync(CancellationToken ct)
    {
        if (order.Only?.Except([.. Operation.All.Select(operation => operation.Name), .. Figure.Names]).ToArray() is { Length: > 0 } unknown)
            throw new BenchException($"There is neither an operation nor a figure named {string.Join(", ", unknown)}.");

        Directory.CreateDirectory(order.Output);
        var database = await server.CreateDatabaseAsync("ticmate");
        Write($"{Environment.ProcessorCount} cores, .NET {Environment.Version}, PostgreSQL: {await SettingsAsync()}.");

        var clock = Stopwatch.StartNew();
        await new FillDatabase(database, order.Size, order.Users, order.Texts, order.Seed).RunAsync(ct);
        var each = await server.AskAsync<long>("ticmate", "select pg_database_size(current_database()) / count(*) from ticmate.mt_doc_ticket");
        Write($"Filled with {order.Size:N0} tickets of {order.Users:N0} people in {clock.Elapsed.TotalSeconds:0} s; {each:N0} bytes of disk for each ticket.");

        World world;
        await using (var service = new Service(database, isAtWork: false))
            world = await World.SignInAsync(service, ct);

        var yardstick = await Yardstick.MeasureAsync(order.Superuser, order.Time);
        Write($"pgbench -S {yardstick.Reads:0}, pgbench -N {yardstick.Writes:0} transactions a second, 16 clients.");

        await using var mail = new MailSink();
        var testbed = new Testbed(order, server, database, world, mail.Port);
        var isRight = await MeasureAsync(testbed, yardstick, ct);
        if (order.WantsFigure(Nodes.Name))
        {
            Write("", Nodes.Header);
            await foreach (var row in Nodes.MeasureAsync(testbed).WithCancellation(ct))
                Write(row);
        }

        await File.WriteAllLinesAsync(Path.Combine(order.Output, "table.md"), lines, ct);
        return isRight;
    }

    // What one process is measured by, from its start to its end.
    private async Task<bool> MeasureAsync(Testbed testbed, Yardstick yardstick, CancellationToken ct)
    {
        List<Figure> figures = [];
        if (order.WantsFigure("start"))
            figures.AddRange(await Start.MeasureAsync(testbed));

        await using var service = await testbed.StartAsync(testbed.Filled);
        await using var meter = testbed.Meter(testbed.Filled, service);
        await meter.RestAsync(Patience);
        if (order.WantsFigure("memory"))
            figures.AddRange([Memory.Idle(meter), await Memory.UnderLoadAsync(testbed, service, meter)]);

        var isRight = await OperateAsync(testbed, service, meter, yardstick);
        if (Figure.Names.Any(name => name != Nodes.Name && order.WantsFigure(name)))
            Write("", Figure.Header);
        Write([.. figures.Select(figure => figure.Row)]);
        await meter.RestAsync(Patience);
        if (order.WantsFigure("lag"))
            Write((await Lag.MeasureAsync(testbed, service)).Row);

        await meter.RestAsync(Patience);
        if (order.WantsFigure("login"))
            Write([.. (await SignIns.MeasureAsync(testbed, service)).Select(figure => figure.Row)]);
        if (order.WantsFigure("import"))
            Write([.. (await Importing.MeasureAsync(testbed, ct)).Select(figure => figure.Row)]);
        var sizes = order.WantsFigure("sizes") && order.Size > Sizes.Small ? await Sizes.MeasureAsync(testbed, service, ct) : default;
        if (sizes.Worst is not null)
            Write(sizes.Worst.Row);
        if (order.WantsFigure("memory"))
            Write((await Memory.AfterAsync(testbed, meter)).Row);
        if (sizes.Worst is not null)
            Write(["", Sizes.Header, .. sizes.Rows]);
        return isRight;
    }

    private async Task<bool> OperateAsync(Testbed testbed, ServiceProcess service, Meter meter, Yardstick yardstick)
    {
        var (isRight, wanted) = (true, Operation.All.Where(operation => order.Wants(operation.Name)).ToArray());
        if (wanted.Length > 0)
            Write("", Measurement.Header);
        foreach (var operation in wanted)
        {
            var calls = operation.Calls(testbed.World).ToArray();
            await Load.RunAsync(service.Address, calls, 16, order.IsSmoke ? TimeSpan.FromSeconds(1) : WarmUp);
            foreach (var connections in order.Connections)
            {
                var before = await meter.ReadAsync();
                var load = await Load.RunAsync(service.Address, calls, connections, order.Time);
                var measured = new Measurement(operation, connections, load, await meter.ReadAsync() - before, yardstick);
                Write(measured.Row);
                if (order.IsSmoke && operation.IsRead)
                    isRight &= IsAsManyAs(operation, measured);
            }
        }

        return isRight;
    }

    // What runs in the background adds a little, and never one for each request.
    private bool IsAsManyAs(Operation operation, Measurement measured)
    {
        var each = (double)measured.Use.Statements / measured.Load.Requests;
        if (Math.Round(each) == operation.Statements)
            return true;

        Write(string.Create(CultureInfo.InvariantCulture, $"{operation.Name} is {each:0.00} statements a request and should be {operation.Statements}."));
        return false;
    }

    private Task<string> SettingsAsync() => server.AskAsync<string>(
        "ticmate", "select string_agg(name || ' = ' || current_setting(name), ', ' order by name) from pg_settings where name in ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_wal_size', 'wal_compression', 'jit')");

    private void Write(params string[] text)
    {
        foreach (var line in text)
        {
            lines.Add(line);
            Console.WriteLine(line);
        }
    }
}
