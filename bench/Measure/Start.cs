using System.Diagnostics;

namespace TicMate.Bench.Measure;

/// <summary>How long the service takes from nothing to its first answer, and until what runs behind the answers runs.</summary>
public static class Start
{
    private const int Times = 3;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(Testbed testbed)
    {
        List<(double Answer, double Work)> starts = [];
        for (var i = 0; i < Times; i++)
            starts.Add(await OnceAsync(testbed));

        return
        [
            Of("start: first answer", starts.Select(start => start.Answer), 2.5),
            Of("start: a ticket posted then is triaged and counted", starts.Select(start => start.Work), 6),
        ];
    }

    private static Figure Of(string name, IEnumerable<double> seconds, double most) =>
        seconds.Order().ToArray() is var sorted ? Figure.AtMost(name, sorted[Times / 2], most, "s", Figure.Text($", between {sorted[0]:0.##} and {sorted[^1]:0.##}")) : null!;

    private static async Task<(double Answer, double Work)> OnceAsync(Testbed testbed)
    {
        var someone = testbed.World.Users[0];
        await using var events = new CountedEvents(testbed.Server.In("ticmate"));
        var clock = Stopwatch.StartNew();
        await using var service = testbed.Begin(testbed.Filled);
        await service.UntilAsync(() => service.AnswersAsync(new("GET", $"/api/tickets/{someone.Tickets[0]}", someone.Token)), Look);
        var answer = clock.Elapsed.TotalSeconds;

        var ticket = await service.CreateAsync(Operation.Named("create").Calls(testbed.World).First());
        await service.UntilAsync(() => events.IsTriagedAsync(ticket), Look);
        return (answer, clock.Elapsed.TotalSeconds);
    }
}
