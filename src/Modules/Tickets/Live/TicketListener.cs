using System.Threading.Channels;
using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Live;

/// <summary>Something for a stream to do: tell this; or say that it is alive; or only ask whether it may go on.</summary>
/// <param name="Mark">With a beat: up to where the stream has been given everything, if that is known.</param>
public readonly record struct Signal(TicketNews? News, bool IsBeat, long? Mark);

/// <summary>One stream's place in the feed. Disposing it gives the place back.</summary>
public sealed class TicketListener(TicketFeed feed, CurrentUser user, long? resumeAfter) : IDisposable
{
    private const int Room = 1_000;

    private readonly Channel<Signal> signals = Channel.CreateBounded<Signal>(new BoundedChannelOptions(Room) { SingleReader = true });
    private int alarm = 1;

    public CurrentUser User => user;

    /// <summary>The last event that the client got from an earlier stream.</summary>
    public long? ResumeAfter => resumeAfter;

    /// <summary>Whether news arrive; before that, the stream reads the log itself.</summary>
    public bool IsLive { get; set; }

    public ChannelReader<Signal> Signals => signals.Reader;

    /// <summary>Never waits: a stream that cannot keep up ends, and its client resumes it.</summary>
    public void Offer(TicketNews news)
    {
        if (news.MaySee(user) && !signals.Writer.TryWrite(new Signal(news, false, null)))
            End();
    }

    public void Beat(long? mark) => signals.Writer.TryWrite(new Signal(null, true, mark));

    /// <summary>Whether it may go on is to be asked again, now.</summary>
    public void Alarm()
    {
        Volatile.Write(ref alarm, 1);
        signals.Writer.TryWrite(default);
    }

    /// <summary>Whether there was an alarm since the last call; the first is one.</summary>
    public bool TakeAlarm() => Interlocked.Exchange(ref alarm, 0) == 1;

    /// <summary>What was offered before is still told.</summary>
    public void End()
    {
        IsOver = true;
        signals.Writer.TryComplete();
    }

    public bool IsOver { get; private set; }

    public void Dispose()
    {
        End();
        feed.Leave(this);
    }
}
