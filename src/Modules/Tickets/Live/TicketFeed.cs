using Marten;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;
using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Live;

/// <summary>How many streams a node keeps open.</summary>
public sealed record LiveOptions
{
    public int MaxStreams { get; init; } = 500;
    public int StreamsPerPerson { get; init; } = 5;
}

/// <summary>
/// Follows the event log for all streams of this node, on one connection, and reads nothing while there are none. PostgreSQL tells when
/// something was appended; should it not, the feed looks by itself.
/// </summary>
public sealed class TicketFeed(TicketLog log, IDocumentStore store, IOptions<LiveOptions> options, TimeProvider clock, ILogger<TicketFeed> logger)
    : BackgroundService
{
    /// <summary>Proxies and clients take a connection that is silent for longer for dead.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);

    // Marten notifies it, in the transaction that appends.
    private const string Appended = "mt_events_appended";

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1), WaitAtGap = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly HashSet<TicketListener> listeners = [];
    private readonly SemaphoreSlim wanted = new(0);
    private SafeMark? progress;
    private bool isClosing;

    /// <summary>Everything up to it has been told to those who listen; null while that is being found out.</summary>
    public long? Mark
    {
        get
        {
            lock (gate)
                return progress?.Value;
        }
    }

    /// <summary>A place for another stream, or why there is none.</summary>
    public (TicketListener?, ProblemDetails) Join(CurrentUser user, long? resumeAfter)
    {
        lock (gate)
        {
            var (most, mostPerPerson) = (options.Value.MaxStreams, options.Value.StreamsPerPerson);
            if (listeners.Count(l => l.User.Id == user.Id) >= mostPerPerson)
                return (null, Refuse.TooMany("too-many-streams", $"At most {mostPerPerson} streams may be open at once; close another one.", Heartbeat));

            if (isClosing || listeners.Count >= most)
            {
                var problem = Refuse.With(503, "too-many-streams", "No more streams can be opened at this moment; try again soon.");
                problem.Extensions[Refuse.RetryAfter] = (int)Heartbeat.TotalSeconds;
                return (null, problem);
            }

            var listener = new TicketListener(this, user, resumeAfter);
            listeners.Add(listener);
            if (progress?.Value is { } mark)
                listener.Beat(mark);
            if (listeners.Count == 1)
                wanted.Release();

            return (listener, WolverineContinue.NoProblems);
        }
    }

    /// <summary>From here on the listener is offered whatever comes after the number returned.</summary>
    public long GoLive(TicketListener listener)
    {
        lock (gate)
        {
            listener.IsLive = true;
            return progress!.Value!.Value;
        }
    }

    public void Leave(TicketListener listener)
    {
        lock (gate)
            listeners.Remove(listener);
    }

    /// <summary>Ends all streams and lets no other begin.</summary>
    public void Close()
    {
        lock (gate)
        {
            isClosing = true;
            foreach (var listener in listeners)
                listener.End();
        }
    }

    /// <summary>Reads what is new and hands it out. True when there is more to be read at once.</summary>
    public async Task<bool> ReadAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        if (progress is not { } before)
        {
            progress = SafeMark.StartingAt(await log.TopAsync(connection, ct));
            return true;
        }

        // In this order, and each with a snapshot of its own: whoever is not at work any more has then left what it wrote.
        var writers = before.IsWaiting ? await log.WritersAsync(connection, ct) : [];
        var page = before.Value is { } mark ? await log.ReadAfterAsync(connection, mark, ct) : LogPage.Empty;
        var after = before.Next(writers, page.Numbers, page.IsPartial);

        lock (gate)
        {
            progress = after;
            foreach (var listener in listeners.Where(l => l.IsLive))
                foreach (var news in page.News.TakeWhile(n => n.Sequence <= after.Value))
                    listener.Offer(news);

            if (before.Value is null && after.Value is not null)
                foreach (var listener in listeners)
                    listener.Beat(after.Value);
        }

        return after.IsFresh || (after.Value != before.Value && (page.IsPartial || before.Value is null));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await wanted.WaitAsync(stoppingToken);
            await using var beat = clock.CreateTimer(_ => Beat(), null, Heartbeat, Heartbeat);
            for (var failures = 0; !Rest();)
            {
                try
                {
                    await FollowAsync(() => failures = 0, stoppingToken);
                }
                catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    if (failures++ == 0)
                        logger.LogWarning("The event log cannot be read ({Reason}); streams wait until it can", e.GetType().Name);

                    await Task.Delay(LongestWait, clock, stoppingToken);
                }
            }
        }
    }

    private async Task FollowAsync(Action succeeded, CancellationToken ct)
    {
        var isNews = false;
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        connection.Notification += (_, _) => isNews = true;
        await using (var listen = new NpgsqlCommand($"listen {Appended}", connection))
            await listen.ExecuteNonQueryAsync(ct);

        while (IsWanted)
        {
            isNews = false;
            var isMore = await ReadAsync(connection, ct);
            succeeded();
            if (!isMore && !isNews)
                await connection.WaitAsync(progress!.IsWaiting ? WaitAtGap : LongestWait, ct);
        }

        await using var rest = new NpgsqlCommand($"unlisten {Appended}", connection);
        await rest.ExecuteNonQueryAsync(ct);
    }

    private bool IsWanted
    {
        get
        {
            lock (gate)
                return listeners.Count > 0;
        }
    }

    // Whoever comes next begins at what is then the end, not where the last one left.
    private bool Rest()
    {
        lock (gate)
        {
            if (listeners.Count > 0)
                return false;

            progress = null;
            return true;
        }
    }

    private void Beat()
    {
        lock (gate)
            foreach (var listener in listeners)
                listener.Beat(progress?.Value);
    }

    public override void Dispose()
    {
        wanted.Dispose();
        base.Dispose();
    }
}
