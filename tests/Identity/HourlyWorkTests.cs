using Microsoft.Extensions.Logging;
using TicMate.Identity.Contracts;
using TicMate.Tests.Fakes;

namespace TicMate.Tests.Identity;

public sealed class HourlyWorkTests
{
    [Fact]
    public async Task Work_begins_within_an_hour_and_goes_on_every_hour_even_after_a_failure()
    {
        var (clock, log) = (new HurriedClock(hours: 3), new LogSink());
        using var logs = LoggerFactory.Create(logging => logging.AddProvider(log));
        using var work = new FailsAtFirst(clock, logs.CreateLogger("work"));

        await work.StartAsync(TestContext.Current.CancellationToken);
        await clock.Over.Task.InTime("three hours are over");
        await work.StopAsync(TestContext.Current.CancellationToken);

        work.Times.ShouldBe(3);
        clock.Waits[0].ShouldBeLessThan(TimeSpan.FromHours(1));
        clock.Waits.Skip(1).ShouldAllBe(wait => wait == TimeSpan.FromHours(1));
        log.Lines.ShouldHaveSingleItem().Text.ShouldContain("FailsAtFirst failed; it is tried again in an hour");
    }

    private sealed class FailsAtFirst(TimeProvider clock, ILogger log) : HourlyWork(clock, log)
    {
        public int Times { get; private set; }

        public override Task WorkAsync(CancellationToken ct) => ++Times == 1 ? throw new InvalidOperationException("out of order") : Task.CompletedTask;
    }

    /// <summary>Its timers are due at once, so many times, and then never.</summary>
    private sealed class HurriedClock(int hours) : TimeProvider
    {
        public List<TimeSpan> Waits { get; } = [];
        public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits.Add(dueTime);
            if (Waits.Count > hours)
                Over.TrySetResult();
            return System.CreateTimer(callback, state, Waits.Count > hours ? Timeout.InfiniteTimeSpan : TimeSpan.Zero, period);
        }
    }
}
