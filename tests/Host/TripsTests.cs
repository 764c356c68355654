using System.Diagnostics;
using Wolverine.Tracking;

namespace TicMate.Tests.Host;

[Collection<OneWatchedApp>]
public sealed class TripsTests(WatchedApp app) : Scenarios(app)
{
    /// <summary>
    /// How often each request asks the database. What people read all day is one statement; that a session holds and what people are called is
    /// remembered. A change makes one trip more, the batch that stores it, of which there is no span.
    /// </summary>
    [Theory]
    [InlineData("GET", "/api/tickets/{ticket}", 1)]
    [InlineData("GET", "/api/tickets?limit=25", 1)]
    [InlineData("GET", "/api/tickets?q=printer", 1)]
    [InlineData("GET", "/api/tickets/tickets-summary", 1)]
    [InlineData("GET", "/api/tickets/queue", 1)]
    [InlineData("GET", "/api/tickets/get-assigned", 1)]
    [InlineData("GET", "/api/admin/tickets", 1)]
    [InlineData("POST", "/api/tickets/similar", 2)]
    [InlineData("POST", "/api/tickets", 5)]
    [InlineData("PUT", "/api/tickets/ticket-reply", 3)]
    [InlineData("PUT", "/api/tickets/status/{ticket}", 2)]
    public async Task Every_request_makes_as_few_trips_to_the_database_as_it_can(string method, string route, int trips)
    {
        var moderator = await AModerator(ASkill());
        var ticket = (Guid)(await ATicket(moderator))["id"]!;
        var body = method is "GET" ? null : new { title = "The printer is on fire again", description = "It burns.", ticketId = ticket, message = "Still burning." };
        var url = route.Replace("{ticket}", ticket.ToString(), StringComparison.Ordinal);

        // The first time it asks who calls, and what people are called.
        await CallAndSettle(moderator, method, url, body);
        var trace = ActivityTraceId.CreateRandom();
        await Host.ExecuteAndWaitAsync(
            async () => (await Call(moderator, method, url, body, x => x.WithRequestHeader("traceparent", $"00-{trace}-00f067aa0ba902b7-00"))).Status.ShouldBeInRange(200, 201), 30_000);

        var spans = app.Spans.Where(span => span.TraceId == trace).ToArray();
        var asked = spans.Where(span => span.Source.Name == "Npgsql" && IsOfRequest(span)).ToArray();
        asked.Length.ShouldBe(trips, string.Join('\n', spans.Select(span => $"{span.DisplayName} <{span.Source.Name}> {span.SpanId} of {span.ParentSpanId}")));

        // What follows by messages is not the request's.
        bool IsOfRequest(Activity span) => span.Kind is ActivityKind.Server
            || (span.Source.Name != "Wolverine" && spans.FirstOrDefault(above => above.SpanId == span.ParentSpanId) is { } parent && IsOfRequest(parent));
    }
}
