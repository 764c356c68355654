using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using JasperFx.Events;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using TicMate.Identity.Contracts;
using TicMate.Identity.Profile;
using TicMate.Identity.Sessions;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;

namespace TicMate.Bench.Fill;

/// <summary>Somebody who makes model tickets.</summary>
public sealed record ModelPerson(Guid Id, string Role, string[] Skills, string Token);

/// <summary>A ticket that the service itself has written.</summary>
/// <param name="Located">The events of which the service noted from where they came.</param>
public sealed record ModelTicket(string Skill, Ticket Document, IReadOnlyList<IEvent> Events, IReadOnlySet<Guid> Located);

/// <summary>
/// Has the real API and the real agent write tickets, in all the lives that tickets have, in a database of their own. What is filled in later
/// are copies of these, so nothing that the service writes has to be imitated.
/// </summary>
public sealed class ModelTickets(Service service, IReadOnlyList<SampleText> texts, Chance random)
{
    /// <summary>Who works together: each has these skills, and so has everybody who stands in for them.</summary>
    public static readonly string[][] Teams =
        [["Hardware", "Purchase"], ["Access", "Administrative rights"], ["Storage", "Internal Project"], ["HR Support", "Miscellaneous"]];

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly HttpClient api = service.CreateClient();
    private readonly List<ModelPerson> users = [], moderators = [];

    /// <summary>The people of all tickets; who is not among them is the same everywhere.</summary>
    public IEnumerable<ModelPerson> People => [.. users, .. moderators];

    public async Task<IReadOnlyList<ModelTicket>> MakeAsync(int count, CancellationToken ct)
    {
        for (var i = 0; i < 4; i++)
            users.Add(await SomeoneAsync(Roles.User, [], ct));
        foreach (var team in Teams.Concat(Teams))
            moderators.Add(await SomeoneAsync(Roles.Moderator, team, ct));

        List<(Guid Id, ModelPerson Author, SampleText Text, int Life)> opened = [];
        for (var i = 0; i < count; i++)
        {
            var (life, text) = (i % Lives.Length, texts[random.Below(texts.Count)]);
            var author = life == Staffed ? moderators[i % moderators.Count] : users[i % users.Count];
            opened.Add((await OpenAsync(author, text, life == Staffed, i, ct), author, text, life));
        }

        await SettledAsync(ct);
        foreach (var (id, author, text, life) in opened)
            await Lives[life](this, id, author, ModeratorFor(text.Skill), ct);

        await SettledAsync(ct);
        return await ReadAsync([.. opened.Select(o => (o.Id, o.Text.Skill))], ct);
    }

    private const int Staffed = 3;

    private delegate Task Life(ModelTickets by, Guid ticket, ModelPerson author, ModelPerson moderator, CancellationToken ct);

    private static readonly Life[] Lives =
    [
        // As the agent left it.
        (_, _, _, _, _) => Task.CompletedTask,
        async (by, ticket, author, moderator, ct) =>
        {
            await by.TakeAsync(ticket, moderator, ct);
            await by.ReplyAsync(ticket, moderator, ct);
            await by.StatusAsync(ticket, moderator, Status.Completed, ct);
        },
        async (by, ticket, author, moderator, ct) =>
        {
            await by.TakeAsync(ticket, moderator, ct);
            await by.StatusAsync(ticket, moderator, Status.InProgress, ct);
            await by.ReplyAsync(ticket, moderator, ct);
            await by.ReplyAsync(ticket, author, ct);
        },
        // Opened by staff, with a priority, a deadline and a category.
        async (by, ticket, author, moderator, ct) =>
        {
            await by.TakeAsync(ticket, moderator, ct);
            await by.StatusAsync(ticket, moderator, Status.InProgress, ct);
        },
        async (by, ticket, author, moderator, ct) =>
        {
            await by.TakeAsync(ticket, moderator, ct);
            await by.ReplyAsync(ticket, moderator, ct);
            await by.StatusAsync(ticket, moderator, Status.Completed, ct);
        },
        async (by, ticket, author, moderator, ct) =>
        {
            await by.TakeAsync(ticket, moderator, ct);
            await by.ReplyAsync(ticket, moderator, ct);
            await by.StatusAsync(ticket, moderator, Status.Waiting, ct);
        },
        // Put right by people, then done.
        async (by, ticket, author, moderator, ct) =>
        {
            await by.TakeAsync(ticket, moderator, ct);
            await by.SendAsync(HttpMethod.Patch, $"/api/tickets/{ticket}", moderator, new { priority = Priority.High, category = "Workplace", relatedSkills = moderator.Skills }, ct);
            await by.ReplyAsync(ticket, moderator, ct);
            await by.StatusAsync(ticket, moderator, Status.Completed, ct);
        },
        // Reopened by its owner, and completed again.
        async (by, ticket, author, moderator, ct) =>
        {
            await by.TakeAsync(ticket, moderator, ct);
            await by.ReplyAsync(ticket, moderator, ct);
            await by.StatusAsync(ticket, moderator, Status.Completed, ct);
            await by.ReplyAsync(ticket, author, ct);
            await by.StatusAsync(ticket, moderator, Status.Completed, ct);
        },
        // The agent's advice was judged.
        async (by, ticket, author, moderator, ct) =>
        {
            await by.TakeAsync(ticket, moderator, ct);
            await by.JudgeAsync(ticket, moderator, ct);
            await by.StatusAsync(ticket, moderator, Status.Completed, ct);
        },
        async (by, ticket, author, moderator, ct) => await by.StatusAsync(ticket, author, Status.Completed, ct),
        // Reopened, and in progress again.
        async (by, ticket, author, moderator, ct) =>
        {
            await by.TakeAsync(ticket, moderator, ct);
            await by.StatusAsync(ticket, moderator, Status.Completed, ct);
            await by.ReplyAsync(ticket, author, ct);
            await by.SendAsync(HttpMethod.Patch, $"/api/tickets/{ticket}", moderator, new { deadline = In(20) }, ct);
        },
        async (by, ticket, author, moderator, ct) => await by.TakeAsync(ticket, moderator, ct),
    ];

    private static string In(int days) => DateTimeOffset.UtcNow.AddDays(days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private ModelPerson ModeratorFor(string skill) =>
        moderators.FirstOrDefault(m => m.Skills.Contains(skill)) ?? moderators[random.Below(moderators.Count)];

    private async Task<ModelPerson> SomeoneAsync(string role, string[] skills, CancellationToken ct)
    {
        var (id, sessionId) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await using var session = service.Store.LightweightSession();
        session.Events.StartStream<User>(id, new UserRegistered(id, role, skills), new EmailVerified(id));
        session.Events.StartStream<Session>(sessionId, new SignedIn(sessionId, id));
        session.Store(new PersonalData { Id = id, Name = $"Model {id}", Email = $"{id:N}@example.org" });
        await session.SaveChangesAsync(ct);
        return new(id, role, skills, service.Services.GetRequiredService<AccessTokens>().Issue(id, sessionId, role));
    }

    private async Task<Guid> OpenAsync(ModelPerson author, SampleText text, bool isByStaff, int n, CancellationToken ct)
    {
        var words = text.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var title = string.Join(' ', words.Take(6));
        object request = isByStaff
            ? new { title, description = text.Text, priority = n % 2 == 0 ? Priority.High : Priority.Urgent, deadline = In(14), category = text.Skill }
            : n % 5 == 0 ? new { title, description = text.Text, category = text.Skill } : new { title, description = text.Text };
        return (Guid)(await SendAsync(HttpMethod.Post, "/api/tickets", author, request, ct))!["ticket"]!["id"]!;
    }

    private async Task TakeAsync(Guid ticket, ModelPerson moderator, CancellationToken ct)
    {
        var now = await SendAsync(HttpMethod.Get, $"/api/tickets/{ticket}", moderator, null, ct);
        if (now!["ticket"]!["assignedTo"] is null)
            await SendAsync(HttpMethod.Post, $"/api/tickets/{ticket}/assign", moderator, new { assignedTo = moderator.Id }, ct);
    }

    private async Task ReplyAsync(Guid ticket, ModelPerson person, CancellationToken ct)
    {
        var words = texts[random.Below(texts.Count)].Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        await SendAsync(HttpMethod.Post, $"/api/tickets/{ticket}/replies", person, new { message = string.Join(' ', words.Take(5 + random.Below(15))) }, ct);
    }

    private async Task StatusAsync(Guid ticket, ModelPerson person, string status, CancellationToken ct) =>
        await SendAsync(HttpMethod.Put, $"/api/tickets/status/{ticket}", person, new { status }, ct);

    private async Task JudgeAsync(Guid ticket, ModelPerson moderator, CancellationToken ct)
    {
        var answer = await SendAsync(HttpMethod.Get, $"/api/tickets/{ticket}/proposals", moderator, null, ct);
        foreach (var (proposal, i) in answer!["proposals"]!.AsArray().Select((p, i) => (p!, i)))
            await SendAsync(HttpMethod.Post, $"/api/tickets/{ticket}/proposals/{proposal["field"]}/{(i % 3 == 2 ? "reject" : "accept")}", moderator, new { }, ct);
    }

    private async Task<JsonNode?> SendAsync(HttpMethod method, string url, ModelPerson person, object? body, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, url) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", person.Token);
        using var response = await api.SendAsync(request, ct);
        var answer = await response.Content.ReadAsStringAsync(ct);
        return response.IsSuccessStatusCode ? answer.Length == 0 ? null : JsonNode.Parse(answer)
            : throw new InvalidOperationException($"{method} {url}: {(int)response.StatusCode} {answer}");
    }

    // The agent is done when no message waits and every ticket that it reads has been read.
    private async Task SettledAsync(CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        await using var connection = service.Store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using var waits = new NpgsqlCommand(
            """
            select exists (select from wolverine.wolverine_incoming_envelopes where status <> 'Handled')
                or exists (select from ticmate.mt_doc_ticket where data -> 'agent' ->> 'state' = 'pending')
            """, connection);
        while (await waits.ExecuteScalarAsync(patience.Token) is true)
            await timer.WaitForNextTickAsync(patience.Token);
    }

    private async Task<IReadOnlyList<ModelTicket>> ReadAsync((Guid Id, string Skill)[] tickets, CancellationToken ct)
    {
        await using var session = service.Store.QuerySession();
        var located = (await session.QueryAsync<Guid>("select event_id from ticmate.event_clients", ct)).ToHashSet();
        List<ModelTicket> models = [];
        foreach (var (id, skill) in tickets)
            models.Add(new(skill, (await session.LoadAsync<Ticket>(id, ct))!, await session.Events.FetchStreamAsync(id, token: ct), located));
        return models;
    }
}
