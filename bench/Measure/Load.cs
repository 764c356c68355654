using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace TicMate.Bench.Measure;

/// <summary>One request as the load generator sends it; a token and a body only if it has them.</summary>
public sealed record ApiCall(string Method, string Path, string? Token = null, string? Body = null)
{
    /// <summary>As a line of the load generator's file.</summary>
    public string Line => $"{Method}\t{Path}\t{Token}\t{Body}";
}

/// <summary>What wrk saw: times in microseconds; answers that were not 2xx or 3xx, and requests without an answer.</summary>
public sealed record LoadResult(long Requests, long Microseconds, long P50, long P99, long Max, long Refused, long Broken)
{
    public double PerSecond => Requests * 1e6 / Microseconds;
}

/// <summary>Load by wrk: as many requests as so many connections can carry.</summary>
public static class Load
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <exception cref="BenchException">An answer was not a 2xx, or there was none.</exception>
    public static async Task<LoadResult> RunAsync(Uri service, IEnumerable<ApiCall> calls, int connections, TimeSpan time)
    {
        // A service that has just started on a slow machine may need longer for its first answer than all were given.
        for (var longest = time * 16; ; time *= 2)
            if (await OnceAsync(service, calls, connections, time) is { Requests: > 0 } result)
                return result;
            else if (time >= longest)
                throw new BenchException("There was no answer at all.");
    }

    private static async Task<LoadResult> OnceAsync(Uri service, IEnumerable<ApiCall> calls, int connections, TimeSpan time)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(file, calls.Select(call => call.Line));
            var output = await Run("wrk", "-t1", $"-c{connections}", $"-d{time.TotalSeconds.ToString(CultureInfo.InvariantCulture)}s", "--timeout", "30s",
                "-s", Path.Combine(AppContext.BaseDirectory, "Measure", "requests.lua"), service.ToString(), "--", file);
            var line = output.Split('\n').Single(line => line.StartsWith("result ", StringComparison.Ordinal))["result ".Length..];
            var result = JsonSerializer.Deserialize<LoadResult>(line, Json)!;
            return result is { Refused: 0, Broken: 0 } ? result
                : throw new BenchException($"Of {result.Requests} requests {result.Refused} were refused and {result.Broken} had no answer.");
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Runs a program to its end and gives back what it printed.</summary>
    public static async Task<string> Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? await output : throw new BenchException($"{program} failed: {await output} {await errors}");
    }
}

/// <summary>Why the benchmark gives no figures.</summary>
public sealed class BenchException(string message) : Exception(message);
