using System.Diagnostics;

namespace TicMate.Bench.Measure;

/// <summary>How old the oldest event is that the dashboard's projection has not counted yet, while many tickets are opened.</summary>
public static class Lag
{
    private const int PerSecond = 200, Connections = 64;
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(10), Beat = TimeSpan.FromMilliseconds(25), Look = TimeSpan.FromMilliseconds(100), Patience = TimeSpan.FromMinutes(2);

    public static async Task<Figure> MeasureAsync(Testbed testbed, ServiceProcess service)
    {
        await using var events = new CountedEvents(testbed.Server.In("ticmate"));
        var opening = OpenAsync(testbed, service);
        var (worst, last, clock) = (0.0, long.MaxValue, Stopwatch.StartNew());
        while (await events.ReadAsync() is var now && now.Counted < last && clock.Elapsed < Patience)
        {
            worst = Math.Max(worst, now.Age);
            if (opening.IsCompleted && last == long.MaxValue)
                last = await events.LastAsync();
            await Task.Delay(Look);
        }

        return Figure.AtMost($"lag: age of an event not counted, {PerSecond} tickets a second opened", worst, 2, "s", Figure.Text($", with {await opening:0} a second"));
    }

    // On time, whether those before have been answered or not. How many were answered in that time, a second.
    private static async Task<double> OpenAsync(Testbed testbed, ServiceProcess service)
    {
        var calls = Operation.Named("create").Calls(testbed.World).ToArray();
        using var places = new SemaphoreSlim(Connections);
        using var timer = new PeriodicTimer(Beat);
        var (clock, answered, sent) = (Stopwatch.StartNew(), 0, new List<Task>());
        while (clock.Elapsed < Time)
        {
            for (var due = Math.Min(clock.Elapsed.TotalSeconds, Time.TotalSeconds) * PerSecond; sent.Count < due;)
                sent.Add(OneAsync(calls[sent.Count % calls.Length]));
            await timer.WaitForNextTickAsync();
        }

        var inTime = answered;
        await Task.WhenAll(sent);
        return inTime / Time.TotalSeconds;

        async Task OneAsync(ApiCall call)
        {
            await places.WaitAsync();
            try
            {
                await service.CreateAsync(call);
                if (clock.Elapsed < Time)
                    Interlocked.Increment(ref answered);
            }
            finally
            {
                places.Release();
            }
        }
    }
}
