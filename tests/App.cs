using System.Text.Json;
using System.Text.Json.Nodes;
using JasperFx.CommandLine;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using TicMate.Host;
using TicMate.Identity.Contracts;
using TicMate.Identity.Profile;
using TicMate.Identity.Sessions;
using TicMate.Tests.Fakes;
using Wolverine;
using Wolverine.Tracking;

namespace TicMate.Tests;

[CollectionDefinition]
public sealed class OneApp : ICollectionFixture<App>;

/// <summary>
/// The whole service, started once: the real host on a PostgreSQL of its own, mailing to a real SMTP server on loopback. Tests do not
/// clean up after each other; each brings its own people, with skills that nobody else has.
/// </summary>
public class App : IAsyncLifetime
{
    private LocalPostgres postgres = null!;

    /// <summary>Settings of a variant of the service.</summary>
    protected virtual IEnumerable<(string, string)> Settings => [];

    /// <summary>Whether callers are slowed down as they are outside of tests.</summary>
    protected virtual bool HasLimits => false;

    /// <summary>Services of a variant.</summary>
    protected virtual void Configure(IServiceCollection services)
    {
    }

    public IAlbaHost Host { get; private set; } = null!;
    public SmtpListener Smtp { get; } = SmtpListener.Start();

    public virtual async ValueTask InitializeAsync()
    {
        postgres = await LocalPostgres.StartThrowAwayAsync(TestContext.Current.CancellationToken);
        JasperFxEnvironment.AutoStartHost = true;
        Host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:Database", postgres.ConnectionString);
            web.UseSetting("Smtp:Host", "127.0.0.1");
            web.UseSetting("Smtp:Port", Smtp.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
            web.UseSetting("Identity:Secret", "a secret of the tests, long enough for a key");
            web.UseSetting("AppUrl", "https://tickets.example.org");
            web.UseSetting("DemoAccounts", "false");
            web.UseSetting("Tickets:DuplicatesTimeout", "00:00:10");
            web.UseSetting("Erasure:LedgerFile", Path.Combine(postgres.Folder, "erasures.ndjson"));
            web.UseSetting("Logging:LogLevel:Default", "Warning");
            foreach (var limit in HasLimits ? [] : Unlimited)
                web.UseSetting(limit, "1000000");
            foreach (var (key, value) in Settings)
                web.UseSetting(key, value);
            web.ConfigureServices(services => services.RunWolverineInSoloMode());
            web.ConfigureServices(Configure);
        });
    }

    // All tests call from one address, and faster than people do.
    private static IEnumerable<string> Unlimited =>
    [
        .. new RateLimitOptions().ByName.SelectMany(policy => new[] { $"RateLimits:{policy.Key}:PerMinute", $"RateLimits:{policy.Key}:PerHour", $"RateLimits:{policy.Key}:PerDay" }),
        "Throttle:Address:Free", "Throttle:Everyone:Free",
    ];

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Host.DisposeAsync();
        await Smtp.DisposeAsync();
        await postgres.DisposeAsync();
    }
}

/// <summary>Someone with an account and an open session.</summary>
public sealed record Caller(Guid Id, string Name, string Email, string Token, Guid SessionId);

[Collection<OneApp>]
public abstract class AppTest(App app) : Scenarios(app);

/// <summary>What scenario tests do: bring people, call the API, look at what came of it.</summary>
public abstract class Scenarios(App app)
{
    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    protected App App => app;
    protected IAlbaHost Host => app.Host;
    protected IDocumentStore Store => Host.DocumentStore();

    /// <summary>A person signed in, without the cost of a password: the events are written and the token is a real one.</summary>
    protected async Task<Caller> Someone(string role = Roles.User, params string[] skills)
    {
        var (id, sessionId) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var name = $"Person {id.ToString()[^6..]}";
        var email = $"p{id:N}@example.org";

        await using var session = Store.LightweightSession();
        session.Events.StartStream<User>(id, new UserRegistered(id, role, skills));
        session.Events.StartStream<Session>(sessionId, new SignedIn(sessionId, id));
        session.Store(new PersonalData { Id = id, Name = name, Email = email });
        await session.SaveChangesAsync(Ct);

        return new Caller(id, name, email, Host.Services.GetRequiredService<AccessTokens>().Issue(id, sessionId, role), sessionId);
    }

    protected Task<Caller> AModerator(params string[] skills) => Someone(Roles.Moderator, skills);

    /// <summary>A skill that no other test's staff have.</summary>
    protected static string ASkill() => $"Skill{Guid.NewGuid():N}"[..16];

    /// <summary>Calls the API; any status is fine, the test looks at it.</summary>
    protected async Task<Reply> Call(Caller? caller, string method, string url, object? body = null, Action<Scenario>? more = null)
    {
        // No limit of its own: a request that waits for something that never comes would never be answered.
        return await AnswerAsync().InTime($"{method} {url} is answered", Patience.Most);

        async Task<Reply> AnswerAsync()
        {
            var result = await Host.Scenario(Ask);
            var answer = await result.ReadAsTextAsync();
            return new Reply(result.Context, answer.Length == 0 || result.Context.Response.ContentType?.StartsWith("text/", StringComparison.Ordinal) is true ? null : JsonNode.Parse(answer)) { Text = answer };
        }

        void Ask(Scenario x)
        {
            x.IgnoreStatusCode();
            var request = x.ConfigureHttpContext;
            request(http =>
            {
                http.Request.Method = method;
                var parts = url.Split('?', 2);
                (http.Request.Path, http.Request.QueryString) = (parts[0], parts.Length > 1 ? new("?" + parts[1]) : default);
                if (caller is not null)
                    http.Request.Headers.Authorization = $"Bearer {caller.Token}";
                if (body is not null)
                {
                    var bytes = body as byte[] ?? (body is string text ? System.Text.Encoding.UTF8.GetBytes(text) : JsonSerializer.SerializeToUtf8Bytes(body));
                    (http.Request.Body, http.Request.ContentLength, http.Request.ContentType) = (new MemoryStream(bytes), bytes.Length, "application/json");
                }
            });
            more?.Invoke(x);
        }
    }

    /// <summary>Looks again and again until it is so; fails after half a minute.</summary>
    protected static async Task Until(Func<Task<bool>> isSo, string what)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(Patience.Long);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        try
        {
            while (!await isSo())
                await timer.WaitForNextTickAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!Ct.IsCancellationRequested)
        {
            throw Patience.Lost(what);
        }
    }

    /// <summary>Calls the API and waits until everything that follows from it has happened.</summary>
    protected async Task<Reply> CallAndSettle(Caller? caller, string method, string url, object? body = null)
    {
        Reply reply = null!;
        await Host.ExecuteAndWaitAsync(async () => reply = await Call(caller, method, url, body), 30_000);
        return reply;
    }

    /// <summary>A ticket just opened, triaged and assigned if somebody fits.</summary>
    protected async Task<JsonNode> ATicket(Caller author, string title = "The printer is on fire", string description = "It burns.")
    {
        var reply = await CallAndSettle(author, "POST", "/api/tickets", new { title, description });
        reply.Status.ShouldBe(201);
        return reply.Body["ticket"]!;
    }

    protected async Task<T?> Load<T>(Guid id) where T : class
    {
        await using var session = Store.QuerySession();
        return await session.LoadAsync<T>(id, Ct);
    }

    /// <summary>How many open tickets the agent counts for somebody.</summary>
    protected async Task<int> OpenTickets(Caller person)
    {
        await using var session = Store.QuerySession();
        return (await session.QueryAsync<int>("select open_tickets from ticmate.workload where person_id = ?", Ct, person.Id)).SingleOrDefault();
    }

    /// <summary>Appends as a slice would, that is, with the stream's state at hand.</summary>
    protected async Task Append<T>(Guid stream, params object[] events) where T : class
    {
        await using var session = Store.LightweightSession();
        (await session.Events.FetchForExclusiveWriting<T>(stream, Ct)).AppendMany(events);
        await session.SaveChangesAsync(Ct);
    }

    protected async Task<IReadOnlyList<object>> EventsOf(Guid stream)
    {
        await using var session = Store.QuerySession();
        return [.. (await session.Events.FetchStreamAsync(stream, token: Ct)).Select(e => e.Data)];
    }

    /// <summary>Every row of every table, as text.</summary>
    protected async Task<string> TextOfTheWholeDatabase()
    {
        await using var session = Store.QuerySession();
        var tables = await session.QueryAsync<string>("select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')", Ct);
        var text = new System.Text.StringBuilder();
        foreach (var table in tables)
            foreach (var row in await session.QueryAsync<string>($"select encode(convert_to(t::text, 'UTF8'), 'escape') || coalesce((select string_agg(encode(value::bytea, 'escape'), ' ') from jsonb_each_text(to_jsonb(t)) where value like '\\x%'), '') from {table} t", Ct))
                text.AppendLine(row);

        return text.ToString();
    }
}

/// <summary>How long tests wait. Nothing is waited for without an end: a test that hangs says nothing.</summary>
public static class Patience
{
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    /// <summary>For what may be many requests' work on a busy machine.</summary>
    public static readonly TimeSpan Most = TimeSpan.FromSeconds(60);

    public static TimeoutException Lost(string what) => new($"It never came to it that {what}.");

    /// <summary>Fails when it takes longer than half a minute, or than told.</summary>
    public static async Task InTime(this Task task, string what, TimeSpan? most = null)
    {
        try
        {
            await task.WaitAsync(most ?? Long, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw Lost(what);
        }
    }

    /// <inheritdoc cref="InTime(Task, string, TimeSpan?)"/>
    public static async Task<T> InTime<T>(this Task<T> task, string what, TimeSpan? most = null)
    {
        await ((Task)task).InTime(what, most);
        return await task;
    }
}

/// <summary>An answer of the API.</summary>
public sealed record Reply(Microsoft.AspNetCore.Http.HttpContext Http, JsonNode? Json)
{
    public string Text { get; init; } = "";
    public int Status => Http.Response.StatusCode;
    public JsonNode Body => Json.ShouldNotBeNull();
    public string? Code => (string?)Body["code"];
    public JsonNode Ticket => Body["ticket"].ShouldNotBeNull();

    /// <summary>An error in the contract's one shape, with this status and code.</summary>
    public Reply ShouldRefuse(int status, string code)
    {
        (Status, Code).ShouldBe((status, code));
        Http.Response.ContentType.ShouldBe("application/problem+json; charset=utf-8");
        ((int)Body["status"]!, (bool)Body["success"]!).ShouldBe((status, false));
        foreach (var member in new[] { "type", "title", "detail", "instance", "traceId" })
            ((string?)Body[member]).ShouldNotBeNullOrEmpty(member);

        ((string?)Body["message"]).ShouldBe((string?)Body["detail"]);
        ((string?)Body["error"]).ShouldBe((string?)Body["detail"]);
        return this;
    }

    /// <summary>A validation error that names exactly these fields.</summary>
    public Reply ShouldFault(params string[] fields)
    {
        ShouldRefuse(400, "validation-failed");
        Body["errors"]!.AsArray().Select(e => (string)e!["field"]!).Distinct().ShouldBe(fields, ignoreOrder: true);
        return this;
    }

    public Guid Id(string of) => (Guid)Body[of]!["id"]!;
}
