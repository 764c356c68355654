using System.Text.Json;
using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Assignment;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Merging;

namespace TicMate.Tests.Tickets;

public sealed class MergeTicketTests(App app) : AppTest(app)
{
    private static string Merging(Guid id) => $"/api/tickets/{id}/merge";

    [Fact]
    public async Task Bad_versions_and_other_tickets_are_faults_and_who_may_not_merge_hears_no_more()
    {
        var (author, stranger, moderator) = (await Someone(), await Someone(), await AModerator());
        var (source, target) = ((Guid)(await ATicket(author))["id"]!, (Guid)(await ATicket(author))["id"]!);

        foreach (var version in new object[] { "x", 1.5, true })
        {
            (await Call(moderator, "POST", Merging(source), new { into = target, version, intoVersion = version })).ShouldFault("version", "intoVersion");
            (await Call(moderator, "POST", $"/api/tickets/{source}/unmerge", new { version })).ShouldFault("version");
            (await Call(author, "POST", Merging(source), new { into = target, version })).ShouldRefuse(403, "forbidden");
            (await Call(stranger, "POST", Merging(source), new { into = target, version })).ShouldRefuse(404, "ticket-not-found");
        }

        foreach (var verb in new[] { "merge", "unmerge", "claim", "release", "restore", "links", "undo" })
            (await Call(await Someone(TicMate.Identity.Contracts.Roles.Admin), "POST", $"/api/tickets/{source}/{verb}", new { ticketId = target, into = target, to = target, version = 1 })).ShouldFault("id");
        (await Call(moderator, "POST", $"/api/tickets/{source}/assign", new { ticketId = target, assignedTo = moderator.Id })).ShouldFault("ticketId");
        (await Load<Ticket>(source))!.MergedInto.ShouldBeNull();
    }

    [Fact]
    public async Task A_ticket_that_goes_on_for_others_is_not_deleted()
    {
        var (author, other, moderator) = (await Someone(), await Someone(), await AModerator());
        var (source, target) = ((Guid)(await ATicket(other))["id"]!, (Guid)(await ATicket(author))["id"]!);
        await Call(moderator, "POST", Merging(source), new { into = target });

        (await Call(author, "DELETE", $"/api/tickets/{target}")).ShouldRefuse(409, "ticket-goes-on-for-others");
        await Call(moderator, "POST", $"/api/tickets/{source}/unmerge");
        (await Call(author, "DELETE", $"/api/tickets/{target}")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_merged_ticket_points_to_the_one_that_goes_on_and_is_read_only()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var (source, target) = (await Open(author), await Open(author));

        var merged = await Call(moderator, "POST", $"/api/tickets/{source}/merge", new { into = new { _id = target }, reason = "The same fire." });

        (merged.Status, merged.Id("ticket"), (Guid)merged.Ticket["mergedInto"]!, (string?)merged.Ticket["status"]).ShouldBe((200, source, target, "completed"));
        (await Load<Ticket>(target))!.Merged.ShouldBe([source]);
        (await EventsOf(source)).OfType<TicketMerged>().Single().ShouldBe(new(source, target, moderator.Id, "The same fire.", null));
        (await EventsOf(target)).OfType<TicketAbsorbed>().Single().ShouldBe(new(target, source, moderator.Id, "The same fire."));
        (await Call(moderator, "PUT", $"/api/tickets/status/{source}", new { status = "todo" })).ShouldRefuse(409, "ticket-merged");

        var again = await Call(moderator, "POST", $"/api/tickets/{source}/merge", new { into = target });
        (again.Status, (int)again.Ticket["version"]!).ShouldBe((200, (int)merged.Ticket["version"]!));
        (await EventsOf(target)).OfType<TicketAbsorbed>().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_reply_to_a_merged_ticket_lands_where_the_chain_ends()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var (a, b, c) = (await Open(author), await Open(author), await Open(author));
        await Merge(moderator, a, b);
        await Merge(moderator, b, c);
        await Call(moderator, "PUT", $"/api/tickets/status/{c}", new { status = "waiting" });

        var version = (await Load<Ticket>(b))!.Version;

        var put = await Call(author, "PUT", "/api/tickets/ticket-reply", new { ticketId = a, message = "one" });
        var post = await Call(
            author, "POST", $"/api/tickets/{b}/replies", new { message = "two" }, x => x.WithRequestHeader("If-Match", $"\"{version}\""));

        (put.Id("ticket"), (Guid)put.Body["mergedInto"]!, (string?)put.Ticket["status"]).ShouldBe((c, c, "in_progress"));
        (post.Status, post.Id("ticket"), (Guid)post.Body["mergedInto"]!).ShouldBe((201, c, c));
        post.Http.Response.Headers.Location.ToString().ShouldBe($"/api/tickets/{c}/replies#{post.Id("reply")}");
        (await Load<Ticket>(c))!.Replies.Select(r => r.Message).ShouldBe(["one", "two"]);
        (await Load<Ticket>(a))!.ReplyCount.ShouldBe(0);
    }

    [Fact]
    public async Task Somebody_elses_ticket_gets_the_reply_and_shows_nothing_of_itself()
    {
        var (author, other, moderator) = (await Someone(), await Someone(), await AModerator());
        var source = await Open(author);
        var target = (Guid)(await ATicket(other, "A sparrow of the other owner"))["id"]!;
        await Merge(moderator, source, target);
        await Call(moderator, "PUT", $"/api/tickets/status/{target}", new { status = "waiting" });

        var put = await Call(author, "PUT", "/api/tickets/ticket-reply", new { ticketId = source, message = "one" });
        var post = await Call(author, "POST", $"/api/tickets/{source}/replies", new { message = "two" });

        foreach (var reply in new[] { put, post })
        {
            (reply.Id("ticket"), (Guid)reply.Body["mergedInto"]!).ShouldBe((source, target));
            reply.Json!.ToJsonString().ShouldNotContain("sparrow", Case.Insensitive);
            reply.Json.ToJsonString().ShouldNotContain(other.Name);
        }

        post.Http.Response.Headers.Location.ToString().ShouldBe($"/api/tickets/{source}");
        ((string?)post.Body["reply"]!["message"], (await Load<Ticket>(source))!.ReplyCount).ShouldBe(("two", 0));
        (await Load<Ticket>(target))!.Replies.Select(r => (r.Message, r.AuthorId)).ShouldBe([("one", author.Id), ("two", author.Id)]);
        (await Load<Ticket>(target))!.Status.ShouldBe(Status.InProgress);
        (await Call(author, "GET", $"/api/tickets/{target}")).ShouldRefuse(404, "ticket-not-found");
    }

    [Fact]
    public async Task A_reply_whose_target_was_deleted_is_refused()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var (source, target) = (await Open(author), await Open(author));
        await Merge(moderator, source, target);
        await Append<Ticket>(target, new TicketDeleted(target, author.Id, null));

        (await Call(author, "POST", $"/api/tickets/{source}/replies", new { message = "one" })).ShouldRefuse(409, "ticket-merged");
    }

    [Theory]
    [InlineData("todo"), InlineData("waiting"), InlineData("completed")]
    public async Task Unmerging_restores_the_ticket_exactly(string status)
    {
        var skill = ASkill();
        var (author, moderator) = (await Someone(), await AModerator(skill));
        var source = (Guid)(await ATicket(author, $"{skill} fails"))["id"]!;
        var target = await Open(author);
        await Call(author, "POST", $"/api/tickets/{source}/replies", new { message = "hello" });
        if (status != "todo")
            await Call(moderator, "PUT", $"/api/tickets/status/{source}", new { status });
        var (before, load) = ((await Load<Ticket>(source))!, await OpenTickets(moderator));

        await Merge(moderator, source, target);
        (await OpenTickets(moderator)).ShouldBe(status == "completed" ? load : load - 1);
        var unmerged = await CallAndSettle(moderator, "POST", $"/api/tickets/{source}/unmerge");

        unmerged.Status.ShouldBe(200);
        var after = (await Load<Ticket>(source))!;
        JsonSerializer.Serialize(after with { Version = before.Version, UpdatedAt = before.UpdatedAt }).ShouldBe(JsonSerializer.Serialize(before));
        (await OpenTickets(moderator)).ShouldBe(load);
        (await Load<Ticket>(target))!.Merged.ShouldBeEmpty();
        (await EventsOf(target)).OfType<TicketSeparated>().Single().SourceId.ShouldBe(source);
        (await Call(moderator, "POST", $"/api/tickets/{source}/unmerge")).ShouldRefuse(409, "not-merged");
    }

    [Fact]
    public async Task Of_two_who_merge_crosswise_at_once_exactly_one_wins()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        for (var round = 0; round < 5; round++)
        {
            var (a, b) = (await Open(author), await Open(author));

            var merges = await Task.WhenAll(
                Call(moderator, "POST", $"/api/tickets/{a}/merge", new { into = b }), Call(moderator, "POST", $"/api/tickets/{b}/merge", new { into = a }));

            merges.Select(m => m.Status).Order().ShouldBe([200, 409]);
            merges.Single(m => m.Status == 409).Code.ShouldBeOneOf("merge-target-merged", "ticket-merged");
            new[] { (await Load<Ticket>(a))!, (await Load<Ticket>(b))! }.Count(t => t.MergedInto is not null).ShouldBe(1);
        }
    }

    [Fact]
    public async Task Replies_while_tickets_are_merged_and_separated_all_land_on_one_that_stands()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var (a, b) = (await Open(author), await Open(author));

        var replying = Task.WhenAll(Enumerable.Range(1, 20).Select(n => Call(author, "POST", $"/api/tickets/{a}/replies", new { message = $"reply {n}" })));
        for (var n = 0; n < 3; n++)
        {
            await Merge(moderator, a, b);
            (await Call(moderator, "POST", $"/api/tickets/{a}/unmerge")).Status.ShouldBe(200);
        }

        (await replying).ShouldAllBe(r => r.Status == 201);
        var (on, off) = (await EventsOf(a), await EventsOf(b));
        (on.OfType<TicketReplied>().Count() + off.OfType<TicketReplied>().Count()).ShouldBe(20);
        var merged = false;
        foreach (var e in on)
        {
            merged = e is TicketMerged || (merged && e is not TicketUnmerged);
            (merged && e is TicketReplied).ShouldBeFalse("a reply landed on a merged ticket");
        }
    }

    [Fact]
    public async Task Merges_that_make_no_sense_are_refused()
    {
        var (author, moderator, admin) = (await Someone(), await AModerator(), await Someone(Roles.Admin));
        var (source, target, end) = (await Open(author), await Open(author), await Open(author));

        (await Call(await Someone(), "POST", Merging(source), new { into = target })).ShouldRefuse(404, "ticket-not-found");
        (await Call(author, "POST", Merging(source), new { into = target })).ShouldRefuse(403, "forbidden");
        foreach (var into in new object?[] { source, Guid.NewGuid(), null, 5, "", "x" })
            (await Call(moderator, "POST", Merging(source), new { into })).ShouldFault("into");
        (await Call(moderator, "POST", Merging(source), new { into = target, reason = new string('x', 501) })).ShouldFault("reason");
        (await Call(moderator, "POST", Merging(source), new { into = target, version = 1 })).ShouldRefuse(412, "stale-version");
        (await Call(moderator, "POST", Merging(source), new { into = target, intoVersion = 1 })).ShouldRefuse(412, "stale-version");
        (await Call(moderator, "POST", Merging(source), new { into = target }, x => x.WithRequestHeader("If-Match", "\"1\""))).ShouldRefuse(412, "stale-version");

        await Merge(moderator, target, end);
        ((Guid)(await Call(moderator, "POST", Merging(source), new { into = target })).ShouldRefuse(409, "merge-target-merged").Body["mergedInto"]!).ShouldBe(end);
        (await Call(moderator, "POST", Merging(end), new { into = target })).ShouldRefuse(409, "merge-target-merged");
        ((Guid)(await Call(moderator, "POST", Merging(target), new { into = source })).ShouldRefuse(409, "ticket-merged").Body["mergedInto"]!).ShouldBe(end);

        await Append<Ticket>(end, new TicketDeleted(end, author.Id, null));
        (await Call(moderator, "POST", Merging(source), new { into = end })).ShouldFault("into");
        (await Call(admin, "POST", Merging(source), new { into = end })).ShouldRefuse(409, "ticket-deleted");
        (await EventsOf(source)).OfType<TicketMerged>().ShouldBeEmpty();
    }

    [Fact]
    public void Work_that_comes_back_goes_to_another_when_its_assignee_has_left()
    {
        var (target, staff) = (new Ticket { Id = Guid.CreateVersion7() }, new CurrentUser(Guid.CreateVersion7(), Roles.Moderator, Guid.Empty));
        var source = new Ticket
        {
            Id = Guid.CreateVersion7(), AssigneeId = Guid.CreateVersion7(), Status = Status.Completed, MergedInto = target.Id, BeforeMerge = new(Status.Waiting, null, null),
        };

        var (_, changes, messages) = UnmergeTicketEndpoint.Post(new UnmergeTicket(default(Number)), new TicketPair(source, target), staff);

        changes.Event.ShouldBe(new TicketUnmerged(source.Id, target.Id, staff.Id, source.AssigneeId));
        messages.Single().ShouldBe(new HandOnTicket(source.Id, source.AssigneeId!.Value));
    }

    [Fact]
    public async Task Tickets_are_linked_for_staff_to_see()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var (one, two) = (await Open(author), await Open(await Someone()));
        var numbers = ((await Load<Ticket>(one))!.Number, (await Load<Ticket>(two))!.Number);

        var linked = await Call(moderator, "POST", $"/api/tickets/{one}/links", new { to = two, kind = "blocks" });
        var again = await Call(moderator, "POST", $"/api/tickets/{one}/links", new { to = two, kind = "blocks" });

        Links(linked).ShouldBe([(two, numbers.Item2, "blocks")]);
        ((int)again.Ticket["version"]!).ShouldBe((int)linked.Ticket["version"]!);
        Links(await Call(moderator, "GET", $"/api/tickets/{two}")).ShouldBe([(one, numbers.Item1, "blocked_by")]);
        (await Call(author, "GET", $"/api/tickets/{one}")).Ticket.AsObject().ContainsKey("links").ShouldBeFalse();

        Links(await Call(moderator, "POST", $"/api/tickets/{one}/links", new { to = two })).ShouldBe([(two, numbers.Item2, "related")]);
        Links(await Call(moderator, "DELETE", $"/api/tickets/{two}/links/{one}")).ShouldBeEmpty();
        (await Load<Ticket>(one))!.Links.ShouldBeEmpty();

        (await Call(moderator, "DELETE", $"/api/tickets/{two}/links/{one}")).ShouldRefuse(404, "link-not-found");
        (await Call(author, "POST", $"/api/tickets/{one}/links", new { to = two })).ShouldRefuse(403, "forbidden");
        (await Call(moderator, "POST", $"/api/tickets/{one}/links", new { to = one, kind = "eats" })).ShouldFault("to", "kind");
        await Merge(moderator, one, two);
        (await Call(moderator, "POST", $"/api/tickets/{one}/links", new { to = two })).ShouldRefuse(409, "ticket-merged");
    }

    private static (Guid, int, string)[] Links(Reply reply) =>
        [.. reply.Ticket["links"]!.AsArray().Select(l => ((Guid)l!["_id"]!, (int)l["number"]!, (string)l["kind"]!))];

    private async Task<Guid> Open(Caller author) => (Guid)(await ATicket(author))["id"]!;

    private async Task Merge(Caller who, Guid source, Guid into) =>
        (await Call(who, "POST", $"/api/tickets/{source}/merge", new { into })).Status.ShouldBe(200);
}
