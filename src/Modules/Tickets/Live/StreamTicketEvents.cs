using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Live;

public static class StreamTicketEventsEndpoint
{
    public const string LastEventId = "Last-Event-ID";

    public static async Task<(TicketListener?, ProblemDetails)> ValidateAsync(
        HttpContext http, CurrentUser user, TicketFeed feed, TicketLog log, CancellationToken ct)
    {
        var (after, isReadable) = ReadLastEventId(http.Request.Headers[LastEventId].ToArray());
        if (!isReadable || (after is { } given && given > await log.TopAsync(ct)))
            return (null, new Faults().Add(LastEventId, $"{LastEventId} must be the id of an event of this stream.").Problem);

        var (listener, problem) = feed.Join(user, after);
        if (listener is not null)
            http.Response.RegisterForDispose(listener);

        return (listener, problem);
    }

    [WolverineGet("/api/tickets/events")]
    [ProducesResponseType(typeof(TicketEventView), 200, "text/event-stream"), ProducesResponseType<ProblemDetails>(400)]
    public static IResult Get(TicketListener? listener, TicketStreams streams, HttpContext http)
    {
        // Proxies that collect answers would hold back the events.
        http.Response.Headers["X-Accel-Buffering"] = "no";
        return TypedResults.ServerSentEvents(streams.ReadAsync(listener!, http.RequestAborted));
    }

    /// <summary>No header, or an empty one: from now on.</summary>
    public static (long? After, bool IsReadable) ReadLastEventId(string?[] given) => given switch
    {
        [] or [null or ""] => (null, true),
        [var text] when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var after) => (after, true),
        _ => (null, false),
    };
}

/// <summary>What a stream says, from its first word to its last.</summary>
public sealed class TicketStreams(TicketFeed feed, TicketLog log, ISessions sessions, TimeProvider clock, ILogger<TicketStreams> logger)
{
    public const string HeartbeatName = "heartbeat";

    private static readonly TimeSpan BetweenChecks = TimeSpan.FromSeconds(1);

    public async IAsyncEnumerable<SseItem<TicketEventView?>> ReadAsync(TicketListener listener, [EnumeratorCancellation] CancellationToken ct)
    {
        using var watch = sessions.Watch(listener.User, listener.Alarm);
        Guid? ownerId = listener.User.IsStaff ? null : listener.User.Id;
        var (told, isLive, checkedAt) = (listener.ResumeAfter, false, clock.GetTimestamp());

        // At once, so that the answer begins. After a restart not everybody shall come back in the same instant.
        yield return Beat(told) with { ReconnectionInterval = TimeSpan.FromMilliseconds(Random.Shared.Next(1_000, 4_000)) };

        await foreach (var signal in listener.Signals.ReadAllAsync(ct))
        {
            if (!await MayGoOnAsync())
                yield break;

            if (signal.News is { } news)
            {
                if (news.Sequence > (told ?? 0))
                    yield return Item(news);

                told = Math.Max(told ?? 0, news.Sequence);
                continue;
            }

            // What happened while the client was away, page by page; the last of it once nothing new can be missed.
            while (!isLive && feed.Mark is { } mark)
            {
                isLive = mark - (told ?? mark) <= TicketLog.Page;
                if (isLive)
                    mark = feed.GoLive(listener);

                while (told < mark)
                {
                    var upTo = Math.Min(told.Value + TicketLog.Page, mark);
                    if (listener.IsOver || !await MayGoOnAsync() || await TryAsync(log.ReadBetweenAsync(told.Value, upTo, ownerId, ct)) is not { } page)
                        yield break;

                    foreach (var missed in page.Where(n => n.MaySee(listener.User)))
                        yield return Item(missed);

                    told = upTo;
                    if (told < mark)
                        yield return Beat(told);
                }

                told = Math.Max(told ?? 0, mark);
            }

            if (isLive && signal.Mark is { } all)
                told = Math.Max(told ?? 0, all);

            if (signal.IsBeat)
                yield return Beat(told);
        }

        async ValueTask<bool> MayGoOnAsync()
        {
            if (!listener.TakeAlarm() && clock.GetElapsedTime(checkedAt) < BetweenChecks)
                return true;

            checkedAt = clock.GetTimestamp();
            return await TryAsync(sessions.HoldsAsync(listener.User, ct).AsTask());
        }
    }

    // The answer has begun, so a failure can only end it; the client comes back.
    private async Task<T?> TryAsync<T>(Task<T> work)
    {
        try
        {
            return await work;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            logger.LogWarning("A stream ends since the database cannot be read ({Reason})", e.GetType().Name);
            return default;
        }
    }

    private static SseItem<TicketEventView?> Item(TicketNews news) => new(news.View, news.Name) { EventId = Text(news.Sequence) };

    private static SseItem<TicketEventView?> Beat(long? told) => new(null, HeartbeatName) { EventId = told is { } id ? Text(id) : null };

    private static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);
}
