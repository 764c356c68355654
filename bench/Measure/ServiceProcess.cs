using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using TicMate.Bench.Fill;
using TicMate.Host;

namespace TicMate.Bench.Measure;

/// <summary>The published service in Production, in a process of its own, without limits on how much one caller may ask.</summary>
public sealed class ServiceProcess : IAsyncDisposable
{
    private readonly Process process;

    private ServiceProcess(Process process, Uri address) => (this.process, Address, Http) = (process, address, new HttpClient { BaseAddress = address });

    public Uri Address { get; }

    /// <summary>Calls the service, without a token.</summary>
    public HttpClient Http { get; }

    public int Id => process.Id;

    /// <summary>Starts it, and waits until it says that it is ready.</summary>
    public static async Task<ServiceProcess> StartAsync(string folder, string database, int mailPort, string log)
    {
        var port = FreePort();
        var start = new ProcessStartInfo("dotnet", Path.Combine(folder, "TicMate.Host.dll"))
        {
            WorkingDirectory = Path.GetDirectoryName(log)!, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in Environment(database, mailPort, port))
            start.Environment[name] = value;

        var service = new ServiceProcess(Process.Start(start)!, new Uri($"http://127.0.0.1:{port}/"));
        service.Record(log);
        while (!await service.IsReadyAsync())
            if (service.process.HasExited)
                throw new BenchException($"The service did not start:\n{await File.ReadAllTextAsync(log)}");
            else
                await Task.Delay(20);

        return service;
    }

    /// <summary>Runs one of the service's own commands on a database, and gives back what it printed.</summary>
    public static async Task<string> CommandAsync(string folder, string database, int mailPort, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(folder, "TicMate.Host.dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in Environment(database, mailPort, FreePort()))
            start.Environment[name] = value;

        using var command = Process.Start(start)!;
        var (output, errors) = (command.StandardOutput.ReadToEndAsync(), command.StandardError.ReadToEndAsync());
        await command.WaitForExitAsync();
        return command.ExitCode == 0 ? await output : throw new BenchException($"{string.Join(' ', arguments)} failed: {await output} {await errors}");
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!process.HasExited)
        {
            using var ask = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private static IEnumerable<(string, string)> Environment(string database, int mailPort, int port)
    {
        (string, string)[] settings =
        [
            ("ASPNETCORE_ENVIRONMENT", "Production"), ("PORT", port.ToString(CultureInfo.InvariantCulture)), ("ConnectionStrings__Database", database), ("Identity__Secret", Service.Secret),
            ("APP_URL", "https://tickets.example.org"), ("EMAIL_FROM", "tickets@example.org"), ("RESEND_API_KEY", ""), ("Mail__Folder", ""),
            ("Smtp__Host", "127.0.0.1"), ("Smtp__Port", mailPort.ToString(CultureInfo.InvariantCulture)), ("Smtp__User", "bench"), ("Smtp__Password", "bench"), ("Outbound__AllowLoopback", "true"),
            ("Throttle__Address__Free", "1000000"), ("Throttle__Everyone__Free", "1000000"),
        ];
        return settings.Concat(new RateLimitOptions().ByName.Keys.SelectMany(policy => new[] { "PerMinute", "PerHour", "PerDay" }.Select(span => ($"RateLimits__{policy}__{span}", "1000000000"))));
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            return (await Http.GetAsync("health/ready")).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Record(string log)
    {
        var writer = TextWriter.Synchronized(new StreamWriter(log, append: false) { AutoFlush = true });
        process.OutputDataReceived += (_, line) => writer.WriteLine(line.Data);
        process.ErrorDataReceived += (_, line) => writer.WriteLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
