using TicMate.Identity.Contracts;
using TicMate.Tests.Fakes;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Conversation;

namespace TicMate.Tests.Tickets;

public sealed class NotesTests(AppWithModel app) : Scenarios(app), IClassFixture<AppWithModel>
{
    [Fact]
    public async Task No_path_shows_a_note_to_the_owner()
    {
        var (author, moderator, canary) = (await Someone(), await AModerator(), $"Canary{Guid.NewGuid():N}");
        var id = (Guid)(await ATicket(author))["id"]!;
        while (App.Smtp.TryNext() is not null)
        {
        }

        var note = (await CallAndSettle(moderator, "POST", $"/api/tickets/{id}/notes", new { message = canary })).Id("note");
        await CallAndSettle(moderator, "PATCH", $"/api/tickets/{id}/notes/{note}", new { message = $"{canary} 2" });
        await CallAndSettle(moderator, "POST", $"/api/tickets/{id}/replies", new { message = "We are looking into it." });
        await CallAndSettle(author, "POST", $"/api/tickets/{id}/replies", new { message = "Thank you." });
        await CallAndSettle(author, "POST", "/api/tickets", new { title = "Another one", description = "It burns, too." });
        (await Text(moderator, $"/api/tickets/{id}/notes")).ShouldContain(canary);

        // Routes that do not exist answer 404, and count from the day they do.
        foreach (var url in new[]
        {
            "/api/tickets", "/api/tickets?sort=createdAt", $"/api/tickets?q={canary}", "/api/tickets/get-assigned", "/api/tickets/tickets-summary", "/api/tickets/export.csv",
            $"/api/tickets/{id}", $"/api/tickets/{id}?version=1", $"/api/tickets/{id}?version=2", $"/api/tickets/{id}?asOf={DateTimeOffset.UtcNow:yyyy-MM-ddTHH:mm:ss}Z",
            $"/api/tickets/{id}/diff?from=1&to=3", $"/api/tickets/{id}/history", $"/api/tickets/{id}/assignment", $"/api/tickets/{id}/replies", $"/api/tickets/{id}/notes",
            "/api/auth/export", "/api/auth/user",
        })
            (await Text(author, url)).Replace($"q={canary}", "", StringComparison.Ordinal).ShouldNotContain(canary, Case.Insensitive, url);

        foreach (var (method, url) in new[] { ("POST", "notes"), ("PATCH", $"notes/{note}"), ("DELETE", $"notes/{note}") })
            (await Call(author, method, $"/api/tickets/{id}/{url}", new { message = "" })).ShouldRefuse(403, "forbidden").Json!.ToJsonString().ShouldNotContain(canary);

        while (App.Smtp.TryNext() is { } mail)
            $"{mail.Message.Subject} {mail.Message.TextBody}".ShouldNotContain(canary);

        app.Model.Requests.ShouldNotBeEmpty();
        app.Model.Requests.ShouldAllBe(asked => !asked.Body.Contains(canary));
        (await EventsOf(id)).ShouldAllBe(e => !e.ToString()!.Contains(canary));
    }

    [Fact]
    public async Task A_note_moves_nothing_of_the_ticket()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var id = (Guid)(await ATicket(author))["id"]!;
        var before = (await Load<Ticket>(id))!;

        var written = await Call(moderator, "POST", $"/api/tickets/{id}/notes", new { message = "one" }, x => x.WithRequestHeader("If-Match", $"\"{before.Version}\""));
        await Call(moderator, "POST", $"/api/tickets/{id}/notes", new { message = "two" }, x => x.WithRequestHeader("If-Match", $"\"{before.Version}\""));

        (written.Status, (string?)written.Body["note"]!["message"], (string?)written.Body["note"]!["createdBy"]!["name"]).ShouldBe((201, "one", moderator.Name));
        written.Http.Response.Headers.Location.ToString().ShouldBe($"/api/tickets/{id}/notes#{written.Id("note")}");
        var after = (await Load<Ticket>(id))!;
        (after.Version, after.UpdatedAt).ShouldBe((before.Version, before.UpdatedAt));
        (await Call(author, "GET", $"/api/tickets/{id}", more: x => x.WithRequestHeader("If-None-Match", $"\"{before.Version}\""))).Status.ShouldBe(304);
        (await Call(moderator, "POST", $"/api/tickets/{id}/notes", new { message = "three" }, x => x.WithRequestHeader("If-Match", "\"1\""))).ShouldRefuse(412, "stale-version");
    }

    [Fact]
    public async Task Staff_read_notes_in_pages_and_change_their_own()
    {
        var (author, moderator, another) = (await Someone(), await AModerator(), await AModerator());
        var id = (Guid)(await ATicket(author))["id"]!;
        var url = $"/api/tickets/{id}/notes";
        var notes = new List<Guid>();
        foreach (var message in new[] { "one", "two", "three", "four" })
            notes.Add((await Call(moderator, "POST", url, new { message })).Id("note"));

        var corrected = await Call(moderator, "PATCH", $"{url}/{notes[0]}", new { message = "One." });
        (corrected.Status, corrected.Body["note"]!["correctedAt"] is not null).ShouldBe((200, true));
        (await Call(moderator, "PATCH", $"{url}/{notes[0]}", new { message = "One." })).Status.ShouldBe(200);
        (await EventsOf(notes[0])).Select(e => e.GetType()).ShouldBe([typeof(NoteWritten), typeof(NoteCorrected)]);
        (await Call(moderator, "DELETE", $"{url}/{notes[1]}")).Status.ShouldBe(200);

        var first = await Call(another, "GET", $"{url}?limit=2");
        var second = await Call(another, "GET", $"{url}?limit=2&cursor={(string?)first.Body["next"]}");
        new[] { first, second }.SelectMany(page => page.Body["notes"]!.AsArray()).Select(n => (string?)n!["message"]).ShouldBe(["One.", "three", "four"]);
        ((string?)second.Body["next"]).ShouldBeNull();

        (await Call(another, "PATCH", $"{url}/{notes[2]}", new { message = "x" })).ShouldRefuse(403, "forbidden");
        (await Call(another, "DELETE", $"{url}/{notes[2]}")).ShouldRefuse(403, "forbidden");
        (await Call(moderator, "DELETE", $"{url}/{notes[1]}")).ShouldRefuse(404, "note-not-found");
        (await Call(moderator, "PATCH", $"/api/tickets/{(Guid)(await ATicket(author))["id"]!}/notes/{notes[2]}", new { message = "x" })).ShouldRefuse(404, "note-not-found");
        (await Call(moderator, "POST", url, new { message = " " })).ShouldFault("message");
        (await Call(moderator, "GET", $"{url}?limit=x")).ShouldFault("limit");
        foreach (var method in new[] { "GET", "POST" })
        {
            (await Call(await Someone(), method, url, method == "GET" ? null : new { message = "" })).ShouldRefuse(404, "ticket-not-found");
            (await Call(author, method, url, method == "GET" ? null : new { message = "" })).ShouldRefuse(403, "forbidden");
        }
    }

    [Fact]
    public async Task A_deleted_tickets_notes_are_for_admins_to_read_and_nobody_to_write()
    {
        var (author, moderator, admin) = (await Someone(), await AModerator(), await Someone(Roles.Admin));
        var id = (Guid)(await ATicket(author))["id"]!;
        await Call(moderator, "POST", $"/api/tickets/{id}/notes", new { message = "one" });
        await Append<Ticket>(id, new TicketDeleted(id, author.Id, null));

        (await Call(moderator, "GET", $"/api/tickets/{id}/notes")).ShouldRefuse(404, "ticket-not-found");
        ((string?)(await Call(admin, "GET", $"/api/tickets/{id}/notes")).Body["notes"]![0]!["message"]).ShouldBe("one");
        (await Call(admin, "POST", $"/api/tickets/{id}/notes", new { message = "two" })).ShouldRefuse(409, "ticket-deleted");
    }

    [Fact]
    public async Task What_a_person_wrote_to_others_is_exported_and_erased_with_them()
    {
        var (author, moderator, admin, word) = (await Someone(), await AModerator(), await Someone(Roles.Admin), $"Word{Guid.NewGuid():N}");
        var (id, other) = ((Guid)(await ATicket(author))["id"]!, (Guid)(await ATicket(author))["id"]!);
        var note = (await Call(moderator, "POST", $"/api/tickets/{id}/notes", new { message = $"{word} note" })).Id("note");
        await Call(moderator, "PATCH", $"/api/tickets/{id}/notes/{note}", new { message = $"{word} note 2" });
        var taken = (await Call(moderator, "POST", $"/api/tickets/{id}/notes", new { message = $"{word} withdrawn" })).Id("note");
        await Call(moderator, "DELETE", $"/api/tickets/{id}/notes/{taken}");
        var reply = (await CallAndSettle(moderator, "POST", $"/api/tickets/{id}/replies", new { message = $"{word} reply" })).Id("reply");
        await Call(moderator, "PATCH", $"/api/tickets/{id}/replies/{reply}", new { message = $"{word} reply 2" });
        await Call(moderator, "POST", $"/api/tickets/{other}/merge", new { into = id, reason = $"{word} reason" });

        var export = await Text(moderator, "/api/auth/export");
        foreach (var written in new[] { "note", "note 2", "withdrawn", "reply", "reply 2" })
            export.ShouldContain($"\"{word} {written}\"");

        (await CallAndSettle(admin, "DELETE", "/api/admin/delete-user", new { userId = moderator.Id })).Status.ShouldBe(200);

        ((await Load<Note>(note))!.Message, (await Load<Ticket>(id))!.Replies.Single().Message).ShouldBe(("[erased]", "[erased]"));
        (await TextOfTheWholeDatabase()).ShouldNotContain(word);
    }

    private async Task<string> Text(Caller caller, string url)
    {
        var result = await Host.Scenario(x =>
        {
            x.IgnoreStatusCode();
            x.Get.Url(url);
            x.WithRequestHeader("Authorization", $"Bearer {caller.Token}");
        });
        return await result.ReadAsTextAsync();
    }
}
