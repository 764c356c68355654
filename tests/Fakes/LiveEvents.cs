using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;

namespace TicMate.Tests.Fakes;

/// <summary>What a client of server-sent events reads, heartbeats left out. Nothing is waited for longer than half a minute.</summary>
public sealed class LiveEvents : IAsyncDisposable
{
    private readonly HttpClient client;
    private readonly CancellationTokenSource limit;
    private readonly IAsyncEnumerator<SseItem<string>> items;
    private readonly SseParser<string> parser;

    private LiveEvents(HttpClient client, HttpResponseMessage answer, Stream body, CancellationToken ct)
    {
        (this.client, Answer, parser) = (client, answer, SseParser.Create(body));
        limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        items = parser.EnumerateAsync(limit.Token).GetAsyncEnumerator(limit.Token);
    }

    public HttpResponseMessage Answer { get; }

    /// <summary>The event after which the stream began.</summary>
    public long StartedAt { get; private set; }

    public sealed record Told(long Id, string Name, JsonObject Json);

    /// <summary>Returns when the stream has said where it begins: from then on nothing is missed.</summary>
    public static async Task<LiveEvents> Of(HttpClient client, HttpResponseMessage answer, CancellationToken ct)
    {
        var stream = new LiveEvents(client, answer, await answer.Content.ReadAsStreamAsync(ct), ct);
        stream.limit.CancelAfter(Patience.Long);
        while (stream.parser.LastEventId.Length == 0)
            (await stream.MoveAsync()).ShouldBeTrue();

        stream.StartedAt = long.Parse(stream.parser.LastEventId, CultureInfo.InvariantCulture);
        return stream;
    }

    public async Task<List<Told>> Next(int count)
    {
        List<Told> events = [];
        while (events.Count < count)
            events.Add((await NextOrNull()).ShouldNotBeNull("the stream ended"));

        return events;
    }

    /// <summary>All up to the first of these, of this ticket if one is named.</summary>
    public async Task<List<Told>> Until(string name, string? orName = null, Guid? of = null)
    {
        List<Told> events = [];
        do
            events.AddRange(await Next(1));
        while ((events[^1].Name != name && events[^1].Name != orName) || (of is { } id && (Guid)events[^1].Json["ticketId"]! != id));

        return events;
    }

    /// <summary>What comes until the server ends the stream.</summary>
    public async Task<List<Told>> Rest()
    {
        List<Told> events = [];
        while (await NextOrNull() is { } next)
            events.Add(next);

        return events;
    }

    private async Task<Told?> NextOrNull()
    {
        limit.CancelAfter(Patience.Long);
        while (await MoveAsync())
            if (items.Current is { EventType: not "heartbeat" } item)
                return new Told(long.Parse(item.EventId!, CultureInfo.InvariantCulture), item.EventType, JsonNode.Parse(item.Data)!.AsObject());

        return null;
    }

    // A heartbeat is no progress: the limit is that of the caller who waits for an event.
    private async Task<bool> MoveAsync()
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw Patience.Lost("the stream says something more, or ends");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await items.DisposeAsync();
        Answer.Dispose();
        client.Dispose();
        limit.Dispose();
    }
}
