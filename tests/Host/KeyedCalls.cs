using Alba;
using Marten;
using TicMate.Host;
using TicMate.Tickets;
using Wolverine.Tracking;

namespace TicMate.Tests.Host;

/// <summary>What tests of idempotency do: send a POST with a key, look at what is remembered of it.</summary>
public abstract class KeyedCalls(App app) : Scenarios(app)
{
    protected const string Records = "ticmate.mt_doc_idempotentrequest";

    protected static string AKey() => Guid.NewGuid().ToString();

    private static readonly object ABody = new { title = "The printer is on fire", description = "It burns." };

    protected Task<Reply> Post(Caller caller, string key, object? body = null, string url = "/api/tickets") =>
        Call(caller, "POST", url, body ?? ABody, With(key));

    protected static Action<Scenario> With(params string[] keys) =>
        x => x.ConfigureHttpContext(http => http.Request.Headers[Idempotency.KeyHeader] = new(keys));

    protected async Task<Reply> PostAndSettle(Caller caller, string key, object? body = null, string url = "/api/tickets")
    {
        Reply reply = null!;
        await Host.ExecuteAndWaitAsync(async () => reply = await Post(caller, key, body, url), 30_000);
        return reply;
    }

    protected async Task<int> TicketsOf(Caller caller)
    {
        await using var session = Store.QuerySession();
        return await session.Query<Ticket>().CountAsync(t => t.AuthorId == caller.Id, Ct);
    }

    protected async Task<IReadOnlyList<IdempotentRequest>> RecordsOf(Caller caller)
    {
        await using var session = Store.QuerySession();
        return await session.Query<IdempotentRequest>().Where(r => r.CallerId == caller.Id).ToListAsync(Ct);
    }

    protected async Task Sql(string statement)
    {
        await using var session = Store.LightweightSession();
        session.QueueSqlCommand(statement);
        await session.SaveChangesAsync(Ct);
    }

    /// <summary>What a process leaves that dies between its commit and its answer.</summary>
    protected Task LoseTheAnswerTo(Caller caller) => Sql($"update {Records} set data = data - 'answer' where data ->> 'callerId' = '{caller.Id}'");

    protected static bool IsReplay(Reply reply) => reply.Http.Response.Headers[Idempotency.ReplayedHeader] == "true";

    protected static string Wire(Reply reply)
    {
        var response = reply.Http.Response;
        response.Body.Position = 0;
        var body = new StreamReader(response.Body).ReadToEnd();
        return $"{response.StatusCode}\n{response.ContentType}\n{response.Headers.Location}\n{response.Headers.ETag}\n{body}";
    }
}
