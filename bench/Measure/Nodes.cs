using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace TicMate.Bench.Measure;

/// <summary>What several processes of the service do on one database, behind a proxy that gives each as many requests as the others.</summary>
public static class Nodes
{
    /// <summary>Measured only when it is asked for by this name.</summary>
    public const string Name = "nodes";

    private const int Connections = 16;
    private static readonly int[] Counts = [1, 2, 4];
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(6), Patience = TimeSpan.FromMinutes(2);

    public const string Header = """
        | nodes | operation | requests/s | p50 ms | p99 ms | service CPU µs | database CPU µs | cores: services | cores: database |
        | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
        """;

    /// <summary>A row for each operation with so many nodes. Nothing else may serve the database meanwhile.</summary>
    public static async IAsyncEnumerable<string> MeasureAsync(Testbed testbed)
    {
        foreach (var count in Counts)
        {
            var nodes = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => testbed.StartAsync(testbed.Filled, ("Nodes", count.ToString(CultureInfo.InvariantCulture)))));
            await using var proxy = await Proxy.StartAsync(testbed.Order.Output, [.. nodes.Select(node => node.Address)]);
            await using var meter = testbed.Meter(testbed.Filled, nodes);
            foreach (var operation in new[] { Operation.Named("ticket"), Operation.Named("create") })
            {
                await meter.RestAsync(Patience);
                var calls = operation.Calls(testbed.World).ToArray();
                await Load.RunAsync(proxy.Address, calls, Connections, WarmUp);
                var before = await meter.ReadAsync();
                var load = await Load.RunAsync(proxy.Address, calls, Connections, testbed.Order.Time);
                var use = await meter.ReadAsync() - before;
                yield return Figure.Text($"| {count} | {operation.Name} | {load.PerSecond:0} | {load.P50 / 1e3:0.0} | {load.P99 / 1e3:0.0} | {use.ServiceCpu / load.Requests} | {use.DatabaseCpu / load.Requests} | {(double)use.ServiceCpu / load.Microseconds:0.00} | {(double)use.DatabaseCpu / load.Microseconds:0.00} |");
            }

            await meter.RestAsync(Patience);
            foreach (var node in nodes)
                await node.DisposeAsync();
        }
    }

    /// <summary>HAProxy, which goes round.</summary>
    private sealed class Proxy(Process process, Uri address) : IAsyncDisposable
    {
        public Uri Address => address;

        public static async Task<Proxy> StartAsync(string folder, Uri[] nodes)
        {
            var port = ServiceProcess.FreePort();
            var file = Path.Combine(folder, "haproxy.cfg");
            await File.WriteAllTextAsync(file, $"""
                defaults
                    mode http
                    timeout connect 5s
                    timeout client 60s
                    timeout server 60s
                listen nodes
                    bind 127.0.0.1:{port}
                    balance roundrobin
                {string.Join('\n', nodes.Select((node, n) => $"    server node{n} {node.Authority}"))}

                """);
            var proxy = new Proxy(Process.Start("haproxy", ["-db", "-q", "-f", file]), new Uri($"http://127.0.0.1:{port}/"));
            while (!await proxy.ListensAsync())
                await Task.Delay(20);
            return proxy;
        }

        private async Task<bool> ListensAsync()
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(address.Host, address.Port);
                return true;
            }
            catch (SocketException)
            {
                return !process.HasExited ? false : throw new BenchException("HAProxy did not start.");
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (!process.HasExited)
                process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}
