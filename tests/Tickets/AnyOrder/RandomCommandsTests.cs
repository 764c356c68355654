using System.Text.Json;
using CsCheck;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using Wolverine.Tracking;

namespace TicMate.Tests.Tickets.AnyOrder;

/// <summary>Random commands from several people against the running service. A failure prints the seed and the shortest list of commands found.</summary>
public sealed class RandomCommandsTests(App app) : AppTest(app)
{
    private const string NoteCanary = "canary-note";

    // How many lists of commands are tried; more by hand, when the rules change.
    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("RANDOM_ROUNDS"), out var rounds) ? rounds : 5;

    private static readonly Gen<Command[]> Commands = Gen.Select(
            Gen.Frequency((3, Gen.Const(Act.Create)), (17, Gen.Enum<Act>())), Gen.Int[0, TicketModel.People.Length - 1], Gen.Int[0, 11], Gen.Int[0, 11],
            (act, who, which, word) => new Command(act, who, which, word))
        .Array[30, 50];

    [Fact]
    public Task Every_answer_and_what_it_leaves_behind_are_what_the_rules_say() => Commands.SampleAsync(async commands =>
    {
        var (people, ids, model) = (await SomePeople(), new List<Guid>(), TicketModel.Empty);
        foreach (var command in commands)
        {
            // The agent does its part before the next one, so that no command finds it at work.
            var (status, after) = model.Expect(command);
            Reply reply = null!;
            await Host.ExecuteAndWaitAsync(async () => reply = await Do(command, model.Which(command), people, ids), 60_000);
            reply.Status.ShouldBe(status, $"{command} on {(model.Which(command) is var at and >= 0 ? model.Tickets[at] : null)}");
            model = after;
        }

        foreach (var (ticket, id) in model.Tickets.Zip(ids))
        {
            var stored = (await Load<Ticket>(id))!;
            (stored.Title, stored.Status, stored.AssigneeId, stored.DeletedAt is not null, stored.MergedInto).ShouldBe(
                (ticket.Title, ticket.Status, ticket.Assignee is { } who ? people[who].Id : null, ticket.IsDeleted, ticket.MergedInto is { } into ? ids[into] : null));
            stored.Replies.Select(r => r.Message).ShouldBe(ticket.Replies);
        }

        await Agree(people, ids);
    }, iter: Rounds, threads: 1);

    [Fact]
    public Task Whatever_people_do_at_once_nothing_is_lost_leaked_or_miscounted() => Commands.SampleAsync(async commands =>
    {
        var (people, ids) = (await SomePeople(), new List<Guid>());
        foreach (var owner in new[] { 0, 1, 0 })
            await Host.ExecuteAndWaitAsync(() => Do(new Command(Act.Create, owner, 0, 0), -1, people, ids), 60_000);

        var replied = 0;
        foreach (var wave in commands.Where(c => c.Act is not Act.Create).Chunk(6))
        {
            Reply[] replies = [];
            await Host.ExecuteAndWaitAsync(async () => replies = await Task.WhenAll(wave.Select(command => Do(command, command.Which % ids.Count, people, ids))), 60_000);
            replies.ShouldAllBe(r => r.Status == 200 || r.Status == 201 || r.Status == 400 || r.Status == 403 || r.Status == 404 || r.Status == 409);
            replied += wave.Zip(replies).Count(sent => sent.First.Act is Act.Reply && sent.Second.Status is 200);
        }

        (await Task.WhenAll(ids.Select(id => Load<Ticket>(id)))).Sum(t => t!.ReplyCount).ShouldBe(replied);
        await Agree(people, ids);
    }, iter: Rounds, threads: 1);

    private Task<Caller[]> SomePeople() => Task.WhenAll(TicketModel.People.Select(role => Someone(role)));

    private async Task<Reply> Do(Command command, int at, Caller[] people, List<Guid> ids)
    {
        var (caller, id, text) = (people[command.Who], at < 0 ? Guid.NewGuid() : ids[at], TicketModel.Text(command));
        switch (command.Act)
        {
            case Act.Create:
                var created = await Call(caller, "POST", "/api/tickets", new { title = text, description = "d" });
                created.Status.ShouldBe(201);
                ids.Add(created.Id("ticket"));
                return created;
            case Act.Edit: return await Call(caller, "PATCH", $"/api/tickets/{id}", new { title = text });
            case Act.Status: return await Call(caller, "PUT", $"/api/tickets/status/{id}", new { status = TicketModel.Statuses[command.Word % TicketModel.Statuses.Length] });
            case Act.Reply: return await Call(caller, "PUT", "/api/tickets/ticket-reply", new { ticketId = id, message = text });
            case Act.Delete: return await Call(caller, "DELETE", $"/api/tickets/{id}");
            case Act.Note: return await Call(caller, "POST", $"/api/tickets/{id}/notes", new { message = NoteCanary });
            case Act.Assign: return await Call(caller, "POST", $"/api/tickets/{id}/assign", new { assignedTo = people[TicketModel.Named(command)].Id });
            case Act.Merge: return await Call(caller, "POST", $"/api/tickets/{id}/merge", new { into = ids.Count == 0 ? id : ids[command.Word % ids.Count], reason = "the same" });
            default: return await Call(caller, "POST", $"/api/tickets/{id}/{command.Act.ToString().ToLowerInvariant()}");
        }
    }

    /// <summary>The events, the documents, the counters and what people are shown all say the same.</summary>
    private async Task Agree(Caller[] people, List<Guid> ids)
    {
        await using var session = Store.QuerySession();
        var tickets = new List<Ticket>();
        foreach (var id in ids)
        {
            var stored = (await session.LoadAsync<Ticket>(id, Ct))!;
            JsonSerializer.Serialize(stored).ShouldBe(JsonSerializer.Serialize(await session.Events.AggregateStreamAsync<Ticket>(id, token: Ct)));
            (await session.Events.FetchStreamAsync(id, token: Ct)).Select(e => (int)e.Version).ShouldBe(Enumerable.Range(1, stored.Version));
            tickets.Add(stored);
        }

        foreach (var (person, role) in people.Zip(TicketModel.People))
            (await OpenTickets(person)).ShouldBe(tickets.Count(t => t.AssigneeId == person.Id && t is { IsOpen: true, DeletedAt: null }), role);

        foreach (var owner in people.Take(2))
        {
            var mine = tickets.Where(t => t.AuthorId == owner.Id && t.DeletedAt is null).ToArray();
            var answer = await Call(owner, "GET", "/api/tickets/tickets-summary");
            answer.Status.ShouldBe(200);
            var summary = answer.Body["summary"]!;
            ((int)summary["totalTickets"]!, (int)summary["todo"]!, (int)summary["inProgress"]!, (int)summary["waiting"]!, (int)summary["completed"]!).ShouldBe((
                mine.Length, mine.Count(t => t.Status is Status.Todo), mine.Count(t => t.Status is Status.InProgress), mine.Count(t => t.Status is Status.Waiting),
                mine.Count(t => t.Status is Status.Completed)));

            foreach (var route in mine.SelectMany(t => new[] { $"/api/tickets/{t.Id}", $"/api/tickets/{t.Id}/history", $"/api/tickets/{t.Id}/replies" }).Append("/api/tickets"))
            {
                var seen = await Call(owner, "GET", route);
                seen.Status.ShouldBe(200, route);
                seen.Body.ToJsonString().ShouldNotContain(NoteCanary);
            }
        }
    }
}
