using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using TicMate.Bench.Fill;
using TicMate.Host;

namespace TicMate.Bench.Measure;

/// <summary>The published service in Production, in a process of its own, without limits on how much one caller may ask.</summary>
public sealed class ServiceProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private readonly string log;
    private readonly HttpClient http = new();

    private ServiceProcess(Process process, Uri address, string log)
    {
        (this.process, Address, this.log) = (process, address, log);
        Record();
    }

    public Uri Address { get; }

    public int Id => process.Id;

    /// <summary>Starts it, and waits for nothing. What it says goes to a file in <paramref name="output"/>.</summary>
    public static ServiceProcess Begin(string folder, string database, int mailPort, string output, params (string Name, string Value)[] settings)
    {
        var port = FreePort();
        var start = new ProcessStartInfo("dotnet", Path.Combine(folder, "TicMate.Host.dll")) { WorkingDirectory = output, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in Environment(database, mailPort, port).Concat(settings))
            start.Environment[name] = value;

        return new ServiceProcess(Process.Start(start)!, new Uri($"http://127.0.0.1:{port}/"), Path.Combine(output, $"service-{port}.log"));
    }

    /// <summary>Waits for something that the service brings about, as long as it runs.</summary>
    public async Task UntilAsync(Func<Task<bool>> isSo, TimeSpan? look = null)
    {
        for (var clock = Stopwatch.StartNew(); !await isSo(); await Task.Delay(look ?? TimeSpan.FromMilliseconds(20)))
            if (process.HasExited || clock.Elapsed > Patience)
                throw new BenchException($"The service {(process.HasExited ? "has ended" : "keeps one waiting")}:\n{await File.ReadAllTextAsync(log)}");
    }

    public Task<bool> IsReadyAsync() => AnswersAsync(new ApiCall("GET", "/health/ready"));

    /// <summary>Whether there is an answer, and a good one.</summary>
    public async Task<bool> AnswersAsync(ApiCall call)
    {
        try
        {
            using var answer = await SendAsync(call);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public async Task<HttpResponseMessage> SendAsync(ApiCall call)
    {
        using var request = new HttpRequestMessage(new HttpMethod(call.Method), new Uri(Address, call.Path));
        if (call.Token is not null)
            request.Headers.Authorization = new("Bearer", call.Token);
        if (call.Body is not null)
            request.Content = new StringContent(call.Body, Encoding.UTF8, "application/json");
        return await http.SendAsync(request);
    }

    /// <summary>Opens a ticket, and gives back its id.</summary>
    public async Task<Guid> CreateAsync(ApiCall call)
    {
        using var answer = await SendAsync(call);
        var body = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? JsonNode.Parse(body)!["ticket"]!["id"]!.GetValue<Guid>() : throw new BenchException($"{call.Method} {call.Path} was answered {(int)answer.StatusCode}: {body}");
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
        http.Dispose();
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

    private void Record()
    {
        var writer = TextWriter.Synchronized(new StreamWriter(log, append: false) { AutoFlush = true });
        process.OutputDataReceived += (_, line) => writer.WriteLine(line.Data);
        process.ErrorDataReceived += (_, line) => writer.WriteLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>A port of this machine that nothing listens on.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
