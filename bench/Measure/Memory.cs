namespace TicMate.Bench.Measure;

/// <summary>What the service keeps resident.</summary>
public static class Memory
{
    private const double Mebi = 1024 * 1024;
    private const int Connections = 64;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Of a service that has just started and come to rest.</summary>
    public static Figure Idle(Meter meter) => Figure.AtMost("memory: at rest after the start", meter.Resident() / Mebi, 160, "MiB");

    /// <summary>The most there is while tickets and lists are read.</summary>
    public static async Task<Figure> UnderLoadAsync(Testbed testbed, ServiceProcess service, Meter meter)
    {
        var calls = Operation.Named("ticket").Calls(testbed.World).Zip(Operation.Named("my-tickets").Calls(testbed.World), (ticket, list) => new[] { ticket, list }).SelectMany(both => both);
        var load = Load.RunAsync(service.Address, calls, Connections, testbed.Order.Time);
        var most = 0L;
        while (!load.IsCompleted)
        {
            most = Math.Max(most, meter.Resident());
            await Task.Delay(Look);
        }

        await load;
        return Figure.AtMost($"memory: most with {Connections} connections that read", most / Mebi, 300, "MiB");
    }

    /// <summary>When all that was ordered has been done.</summary>
    public static async Task<Figure> AfterAsync(Testbed testbed, Meter meter) =>
        Figure.AtMost(Figure.Text($"memory: after the run, {await testbed.Server.AskAsync<long>("ticmate", "select count(*) from ticmate.mt_doc_ticket"):N0} tickets"), meter.Resident() / Mebi, 300, "MiB");
}
