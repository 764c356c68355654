using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;

namespace TicMate.Tests.Tickets.History;

public sealed class UndoTests(App app) : AppTest(app)
{
    [Fact]
    public async Task Each_change_can_be_undone_and_the_undo_too_and_the_ticket_is_as_it_was()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var due = DateTimeOffset.UtcNow.AddDays(9);
        var id = await ATriagedTicket(author);

        foreach (var change in new Func<Guid, object>[]
        {
            t => new TicketEdited(t, moderator.Id, "a", "b", "c"), t => new TicketDeadlineMoved(t, moderator.Id, due), t => new TicketPrioritised(t, moderator.Id, "urgent"),
            t => new TicketSkillsRecorded(t, ["z"], moderator.Id), t => new TicketNotesRewritten(t, moderator.Id, "n"), t => new TicketStatusChanged(t, moderator.Id, "todo", "completed", null),
        })
        {
            var before = await Shown(moderator, id);
            await Append<Ticket>(id, change(id));
            var after = await Shown(moderator, id);

            // The agent may advise meanwhile on the text that came back, so each undo names what it undoes.
            var version = (await EventsOf(id)).ToList().FindLastIndex(e => e.GetType() == change(id).GetType()) + 1;
            var undone = await Undo(moderator, id, version);
            undone.Status.ShouldBe(200, undone.Json?.ToJsonString());
            (await Shown(moderator, id)).ShouldBe(before);
            undone.Http.Response.Headers.ETag.ToString().ShouldBe($"\"{(int)undone.Ticket["version"]!}\"");

            var redone = await Undo(moderator, id, (int)undone.Ticket["version"]!);
            redone.Status.ShouldBe(200, redone.Json?.ToJsonString());
            if (change(id) is not TicketStatusChanged)
                (await Shown(moderator, id)).ShouldBe(after);
            (await Undo(moderator, id, (int)redone.Ticket["version"]!)).Status.ShouldBe(200);
            (await Shown(moderator, id)).ShouldBe(before);
        }
    }

    [Fact]
    public async Task Applied_triage_can_be_undone()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = await ATriagedTicket(author);

        var undone = await Undo(moderator, id, 2);

        ((string?)undone.Ticket["priority"], (string?)undone.Ticket["helpfulNotes"], undone.Ticket["relatedSkills"]!.AsArray().Count).ShouldBe(("medium", "", 0));
        (await EventsOf(id))[^1].ShouldBeOfType<TicketTriageUndone>();
    }

    [Fact]
    public async Task The_history_says_what_was_undone()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = await ATriagedTicket(author);
        await Append<Ticket>(id, new TicketEdited(id, author.Id, "a", null, null));

        await Undo(moderator, id, 3);

        var history = (await Call(moderator, "GET", $"/api/tickets/{id}/history")).Body["history"]!.AsArray();
        ((string?)history[3]!["type"], (string?)history[3]!["actor"]!["id"]).ShouldBe(("ticket-edited", moderator.Id.ToString()));
        ((string?)history[3]!["causationId"]).ShouldBe((string?)history[2]!["eventId"]);
    }

    [Fact]
    public async Task Loads_stay_right_whatever_is_undone()
    {
        var skill = ASkill();
        var (author, mo, admin) = (await Someone(), await AModerator(skill), await Someone(Roles.Admin));
        var ben = await AModerator();
        var id = (Guid)(await ATicket(author, $"{skill} fails"))["id"]!;
        async Task<(int, int)> Loads() => (await OpenTickets(mo), await OpenTickets(ben));
        await Append<Ticket>(id, new TicketAssigned(id, ben.Id, mo.Id, [], "r", mo.Id));
        (await Loads()).ShouldBe((0, 1));

        await UndoSettled(mo, id);
        (await Loads()).ShouldBe((1, 0));
        await UndoSettled(mo, id);
        (await Loads()).ShouldBe((0, 1));

        await Call(author, "PUT", $"/api/tickets/status/{id}");
        (await Loads()).ShouldBe((0, 0));
        await UndoSettled(author, id);
        (await Loads()).ShouldBe((0, 1));

        await Append<Ticket>(id, new TicketUnassigned(id, ben.Id, "r", ben.Id));
        (await Loads()).ShouldBe((0, 0));
        await UndoSettled(mo, id);
        (await Loads()).ShouldBe((0, 1));
        await UndoSettled(mo, id);
        (await Loads()).ShouldBe((0, 0));
        await UndoSettled(mo, id);

        await Call(author, "DELETE", $"/api/tickets/{id}");
        (await Loads()).ShouldBe((0, 0));
        (await UndoSettled(author, id)).Status.ShouldBe(200);
        (await Loads()).ShouldBe((0, 1));
        (await UndoSettled(admin, id)).Status.ShouldBe(200);
        (await Loads()).ShouldBe((0, 0));
        (await Load<Ticket>(id))!.DeletedAt.ShouldNotBeNull();
    }

    [Fact]
    public async Task An_assignment_does_not_go_back_to_someone_who_left()
    {
        var (author, moderator, gone) = (await Someone(), await AModerator(), await AModerator());
        var id = await ATriagedTicket(author);
        await Append<Ticket>(id, new TicketAssigned(id, gone.Id, moderator.Id, [], "r"), new TicketAssigned(id, moderator.Id, moderator.Id, [], "r", gone.Id));
        await Append<User>(gone.Id, new UserDeactivated(gone.Id));

        (await Undo(moderator, id)).ShouldRefuse(409, "assignee-unavailable");
        (await Undo(moderator, id, 3)).ShouldRefuse(409, "undo-conflict");
    }

    [Fact]
    public async Task A_later_change_of_the_same_field_is_named_and_a_second_undo_finds_the_first()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = await ATriagedTicket(author);
        await Append<Ticket>(id, new TicketPrioritised(id, moderator.Id, "urgent"), new TicketEdited(id, author.Id, "a", null, null), new TicketPrioritised(id, moderator.Id, "low"));

        var refused = (await Undo(moderator, id, 3)).ShouldRefuse(409, "undo-conflict");
        ((string?)refused.Body["conflict"]!["field"], (int)refused.Body["conflict"]!["version"]!).ShouldBe(("priority", 5));
        (await Undo(moderator, id, 4)).Status.ShouldBe(200);
        var second = (await Undo(moderator, id, 4)).ShouldRefuse(409, "undo-conflict");
        ((string?)second.Body["conflict"]!["field"], (int)second.Body["conflict"]!["version"]!).ShouldBe(("title", 6));
    }

    [Fact]
    public async Task Of_two_undos_at_once_one_wins()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = await ATriagedTicket(author);
        await Append<Ticket>(id, new TicketEdited(id, author.Id, "a", null, null));

        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Undo(moderator, id, 3)));

        replies.Count(r => r.Status == 200).ShouldBe(1);
        foreach (var other in replies.Where(r => r.Status != 200))
            other.ShouldRefuse(409, "undo-conflict");
        (await EventsOf(id)).OfType<TicketEdited>().Count().ShouldBe(2);
    }

    [Fact]
    public async Task What_cannot_be_undone_and_who_may_not_is_refused_in_order()
    {
        var (author, moderator, admin, stranger) = (await Someone(), await AModerator(), await Someone(Roles.Admin), await Someone());
        var id = await ATriagedTicket(author);
        var url = $"/api/tickets/{id}/undo";
        await Append<Ticket>(id, new TicketReplied(id, Guid.CreateVersion7(), author.Id, "x"), new TicketStatusChanged(id, moderator.Id, "todo", "waiting", null));

        (await Undo(stranger, id, 1)).ShouldRefuse(404, "ticket-not-found");
        (await Undo(author, id, 2)).ShouldRefuse(403, "forbidden");
        (await Undo(author, id, 4)).ShouldRefuse(403, "forbidden");
        (await Undo(moderator, id, 1)).ShouldRefuse(409, "cannot-be-undone");
        (await Undo(moderator, id, 3)).ShouldRefuse(409, "cannot-be-undone");
        foreach (var version in new object?[] { 0, -1, 5, "2", 1.5, null, 99_999_999_999 })
            (await Call(moderator, "POST", url, new { version })).ShouldFault("version");
        (await Call(moderator, "POST", url)).ShouldFault("version");
        (await Call(moderator, "POST", url, new { version = 4, id = Guid.NewGuid() })).ShouldFault("id");
        var stale = await Call(moderator, "POST", url, new { version = 1 }, x => x.WithRequestHeader("If-Match", "\"3\""));
        stale.ShouldRefuse(412, "stale-version");
        ((int)stale.Body["currentVersion"]!).ShouldBe(4);

        await Append<Ticket>(id, new TicketStatusChanged(id, moderator.Id, "waiting", "completed", null));
        (await Undo(moderator, id, 5)).ShouldRefuse(409, "illegal-status").Body["allowed"]!.AsArray().Count.ShouldBe(2);

        await Append<Ticket>(id, new TicketDeleted(id, author.Id, null));
        (await Undo(author, id, 4)).ShouldRefuse(404, "ticket-not-found");
        (await Undo(moderator, id, 6)).ShouldRefuse(404, "ticket-not-found");
        (await Undo(admin, id, 5)).ShouldRefuse(409, "ticket-deleted");
        (await Undo(author, id, 6)).Status.ShouldBe(200);
        (await EventsOf(id)).Count.ShouldBe(7);
    }

    [Fact]
    public async Task An_owner_does_not_hear_of_what_is_for_staff_by_trying_to_undo_it()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = await ATriagedTicket(author);
        await Append<Ticket>(id, new TicketLinked(id, Guid.NewGuid(), 1, LinkKind.Related, moderator.Id), new TicketAbsorbed(id, Guid.NewGuid(), moderator.Id, "r"));

        string Said(Reply reply) => (string)reply.ShouldRefuse(409, "cannot-be-undone").Body["detail"]!;
        Said(await Undo(author, id, 3)).ShouldBe("Version 3 did nothing that can be undone.");
        Said(await Undo(author, id, 4)).ShouldBe("Version 4 did nothing that can be undone.");
        Said(await Undo(moderator, id, 4)).ShouldContain("unmerging");
    }

    /// <summary>Two versions: created and triaged, nobody's work.</summary>
    private async Task<Guid> ATriagedTicket(Caller author)
    {
        var id = Guid.CreateVersion7();
        await using var session = Store.LightweightSession();
        session.Events.StartStream<Ticket>(
            id, new TicketCreated(id, Random.Shared.Next(1_000_000, int.MaxValue), author.Id, "t", "d"), Advice.Triaged(id, "m", "high", ["s"], "notes", "gist"));
        await session.SaveChangesAsync(Ct);
        return id;
    }

    /// <summary>Undoes a version, or the newest one.</summary>
    private async Task<Reply> Undo(Caller caller, Guid id, int? version = null) =>
        await Call(caller, "POST", $"/api/tickets/{id}/undo", new { version = version ?? (await Load<Ticket>(id))!.Version });

    private async Task<Reply> UndoSettled(Caller caller, Guid id) =>
        await CallAndSettle(caller, "POST", $"/api/tickets/{id}/undo", new { version = (await Load<Ticket>(id))!.Version });

    // The ticket but for when and how often it changed.
    private async Task<string> Shown(Caller caller, Guid id)
    {
        var ticket = (await Call(caller, "GET", $"/api/tickets/{id}")).Ticket.AsObject();
        ticket.Remove("version");
        ticket.Remove("updatedAt");

        // A text that comes back is advised on again.
        ticket.Remove("ai");
        ticket.Remove("helpfulNotes");
        return ticket.ToJsonString();
    }
}
