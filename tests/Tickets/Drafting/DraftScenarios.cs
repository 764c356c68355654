using Microsoft.Extensions.DependencyInjection;
using TicMate.Tests.Fakes;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Drafting;
using TicMate.Tickets.Erasure;
using Wolverine.Tracking;

namespace TicMate.Tests.Tickets.Drafting;

public sealed class DraftScenarios(AppWithModel app) : Scenarios(app), IClassFixture<AppWithModel>
{
    private static int number = 600_000_000;

    private static TicketCreated Opened(Caller author, string title = "t", string description = "d") =>
        new(Guid.CreateVersion7(), Interlocked.Increment(ref number), author.Id, title, description);

    private async Task<Guid> Given(TicketCreated created, params Func<Guid, object>[] then)
    {
        await using var session = Store.LightweightSession();
        session.Events.StartStream<Ticket>(created.TicketId, [created, .. then.Select(make => make(created.TicketId))]);
        await session.SaveChangesAsync(Ct);
        return created.TicketId;
    }

    private async Task<(Caller Owner, Caller Staff, Guid Ticket, int Solved)> AQuestionThatWasAnsweredBefore()
    {
        var (word, owner, other, staff) = (ASkill(), await Someone(), await Someone(), await AModerator());
        var solved = await Given(Opened(other, $"{word} crashes", "At start."), id => new TicketReplied(id, Guid.CreateVersion7(), staff.Id, "Delete the cache folder."), id => new TicketStatusChanged(id, staff.Id, Status.Todo, Status.Completed, null));
        var ticket = await Given(Opened(owner, $"{word} crashes", "At start. Mail me: ada@example.org"));
        return (owner, staff, ticket, (await Load<Ticket>(solved))!.Number);
    }

    [Fact]
    public async Task A_draft_by_the_model_is_measured_by_what_of_it_is_sent()
    {
        var (owner, staff, ticket, solved) = await AQuestionThatWasAnsweredBefore();
        await Call(staff, "POST", $"/api/tickets/{ticket}/notes", new { message = "a-note-of-ours" });
        app.Model.Behaviour = FakeModel.Answers($$"""{"text":"Please delete the <b>cache</b> folder.","kind":"answer","basedOn":[{{solved}},7]}""");

        var reply = await Call(staff, "POST", $"/api/tickets/{ticket}/reply-draft", new { });

        reply.Status.ShouldBe(200);
        var draft = reply.Body["draft"]!;
        ((string)draft["text"]!, (string)draft["kind"]!, (string)draft["advisor"]!, (int)draft["basedOn"]![0]!["number"]!).ShouldBe(("Please delete the cache folder.", "answer", "gemini-test", solved));
        var asked = app.Model.Requests.Last().Body;
        asked.ShouldContain("Delete the cache folder.");
        foreach (var secret in new[] { "ada@example.org", "a-note-of-ours", owner.Name, staff.Name, owner.Id.ToString() })
            asked.ShouldNotContain(secret);

        var id = (Guid)draft["id"]!;
        (await Load<Ticket>(ticket))!.ReplyCount.ShouldBe(0);
        (await Call(staff, "POST", $"/api/tickets/{ticket}/replies", new { message = "Please delete the folder. Bye!", draftId = id })).Status.ShouldBe(201);
        (await Call(staff, "PUT", "/api/tickets/ticket-reply", new { ticketId = ticket, message = "Once more", draftId = id })).Status.ShouldBe(200);

        (await EventsOf(id)).OfType<ReplyDraftUsed>().ShouldHaveSingleItem().Survived.ShouldBe(0.8);
        var left = (await Load<DraftText>(id))!;
        (left.Text, left.ReplyId).ShouldBe(("", (await Load<Ticket>(ticket))!.Replies[0].Id));
    }

    [Fact]
    public async Task A_draft_belongs_to_its_ticket_and_to_staff()
    {
        var (owner, staff, ticket, _) = await AQuestionThatWasAnsweredBefore();
        app.Model.Behaviour = FakeModel.Answers("nonsense");
        var id = (Guid)(await Call(staff, "POST", $"/api/tickets/{ticket}/reply-draft")).Body["draft"]!["id"]!;
        var other = await Given(Opened(owner));

        foreach (var draftId in new[] { id.ToString(), Guid.NewGuid().ToString(), "x" })
            (await Call(staff, "POST", $"/api/tickets/{other}/replies", new { message = "m", draftId })).ShouldFault("draftId");
        (await Call(owner, "POST", $"/api/tickets/{ticket}/replies", new { message = "m", draftId = id })).Status.ShouldBe(201);
        (await EventsOf(id)).OfType<ReplyDraftUsed>().ShouldBeEmpty();

        (await Call(owner, "POST", $"/api/tickets/{ticket}/reply-draft")).ShouldRefuse(403, "forbidden");
        (await Call(owner, "POST", $"/api/tickets/{ticket}/summary")).ShouldRefuse(403, "forbidden");
        (await Call(await Someone(), "POST", $"/api/tickets/{ticket}/reply-draft")).ShouldRefuse(404, "ticket-not-found");
    }

    [Fact]
    public async Task Whatever_goes_wrong_with_the_model_the_built_in_draft_and_summary_stand_in()
    {
        var (_, staff, ticket, solved) = await AQuestionThatWasAnsweredBefore();
        foreach (var behaviour in new[] { FakeModel.Answers("{}"), FakeModel.Answers("[1]"), FakeModel.Answers(null), FakeModel.Answers("""{"text":"x","kind":"answer","basedOn":[1]}"""), FakeModel.NoChoices, FakeModel.SpeaksHtml })
        {
            app.Model.Behaviour = behaviour;
            var draft = (await Call(staff, "POST", $"/api/tickets/{ticket}/reply-draft")).Body["draft"]!;
            ((string)draft["advisor"]!, (string)draft["kind"]!, (int)draft["basedOn"]![0]!["number"]!).ShouldBe(("built-in", "answer", solved));
            ((string)draft["text"]!).ShouldContain("Delete the cache folder.");
            ((string)(await Call(staff, "POST", $"/api/tickets/{ticket}/summary")).Body["summary"]!["advisor"]!).ShouldBe("built-in");
        }
    }

    [Fact]
    public async Task A_summary_says_which_version_it_covers_and_is_kept_nowhere()
    {
        var (_, staff, ticket, _) = await AQuestionThatWasAnsweredBefore();
        app.Model.Behaviour = FakeModel.Answers("""{"problem":"It crashes.","tried":["<i>Restarting</i>"],"openQuestions":[],"nextStep":"See https://evil.example"}""");

        var summary = (await Call(staff, "POST", $"/api/tickets/{ticket}/summary")).Body["summary"]!;

        var stored = (await Load<Ticket>(ticket))!;
        ((string)summary["problem"]!, (string)summary["tried"]![0]!, (string)summary["nextStep"]!, (int)summary["coversVersion"]!).ShouldBe(("It crashes.", "Restarting", "See [link removed]", stored.Version));
        stored.Summary.ShouldBe("");
    }

    [Fact]
    public async Task A_draft_that_nobody_sends_is_forgotten_after_two_weeks()
    {
        var (_, staff, ticket, _) = await AQuestionThatWasAnsweredBefore();
        app.Model.Behaviour = FakeModel.Answers("nonsense");
        async Task<Guid> Draft() => (Guid)(await Call(staff, "POST", $"/api/tickets/{ticket}/reply-draft")).Body["draft"]!["id"]!;
        var (old, young, sent) = (await Draft(), await Draft(), await Draft());
        (await Call(staff, "POST", $"/api/tickets/{ticket}/replies", new { message = "m", draftId = sent })).Status.ShouldBe(201);
        await using (var session = Store.LightweightSession())
        {
            foreach (var (id, age) in new[] { (old, "14 days 1 second"), (sent, "14 days 1 second"), (young, "13 days 23 hours") })
                session.QueueSqlCommand($"update ticmate.mt_doc_drafttext set mt_last_modified = now() - interval '{age}' where id = ?", id);
            await session.SaveChangesAsync(Ct);
        }

        await Host.Services.GetRequiredService<SweepDrafts>().WorkAsync(Ct);

        (await Load<DraftText>(old) is null, await Load<DraftText>(young) is null, await Load<DraftText>(sent) is null).ShouldBe((true, false, false));
    }

    [Fact]
    public async Task A_draft_asked_for_twice_with_the_same_key_is_written_once_and_goes_with_the_owners_words()
    {
        var (owner, staff, ticket, _) = await AQuestionThatWasAnsweredBefore();
        app.Model.Behaviour = FakeModel.Answers("nonsense");
        Task<Reply> Ask() => Call(staff, "POST", $"/api/tickets/{ticket}/reply-draft", new { }, x => x.WithRequestHeader("Idempotency-Key", "k1"));

        var (first, again) = (await Ask(), await Ask());

        var id = (Guid)first.Body["draft"]!["id"]!;
        ((Guid)again.Body["draft"]!["id"]!, again.Http.Response.Headers["Idempotency-Replayed"].ToString()).ShouldBe((id, "true"));

        await Host.InvokeMessageAndWaitAsync(new EraseTicketWriting(ticket, owner.Id));
        (await Load<DraftText>(id)).ShouldBeNull();
    }
}
