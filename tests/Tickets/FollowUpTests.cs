using JasperFx.Events;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Conversation;

namespace TicMate.Tests.Tickets;

public sealed class FollowUpTests(App app) : AppTest(app)
{
    [Fact]
    public async Task An_owner_who_comes_back_after_two_weeks_gets_a_new_ticket()
    {
        var (author, moderator) = (await Someone(), await AModerator());
        var (old, number) = await CompletedLongAgo(author, "The printer is on fire");

        var reply = await CallAndSettle(author, "PUT", "/api/tickets/ticket-reply", new { ticketId = old, message = "It burns again." });

        reply.Status.ShouldBe(200);
        var followUp = (await Load<Ticket>(reply.Id("ticket")))!;
        (followUp.Id == old, followUp.AuthorId, followUp.Title, followUp.Description, followUp.Category, followUp.FollowUpOf)
            .ShouldBe((false, author.Id, $"Follow-up of #{number}: The printer is on fire", "It burns again.", "Hardware", old));
        ((Guid)reply.Body["followUpOf"]!, (Guid)reply.Ticket["followUpOf"]!, followUp.TriagedBy).ShouldBe((old, old, "built-in"));
        followUp.Number.ShouldBeGreaterThan(number);

        var before = (await Load<Ticket>(old))!;
        (before.Status, before.FollowUpId, before.ReplyCount).ShouldBe((Status.Completed, followUp.Id, 0));
        ((Guid)(await Call(author, "GET", $"/api/tickets/{old}")).Ticket["followUp"]!).ShouldBe(followUp.Id);

        var again = await Call(author, "POST", $"/api/tickets/{old}/replies", new { message = "And again." });
        (again.Status, again.Id("ticket"), (Guid)again.Body["followUpOf"]!).ShouldBe((201, followUp.Id, old));
        (await Load<Ticket>(followUp.Id))!.Replies.Single().Message.ShouldBe("And again.");

        (await Call(moderator, "POST", $"/api/tickets/{old}/replies", new { message = "Closed long ago." })).Id("ticket").ShouldBe(old);
    }

    [Fact]
    public async Task The_answer_to_a_follow_up_is_the_new_ticket()
    {
        var author = await Someone();
        var (old, _) = await CompletedLongAgo(author, "The printer is on fire");

        var said = await Call(author, "POST", $"/api/tickets/{old}/replies", new { message = "It burns again." });

        said.Status.ShouldBe(201);
        (said.Id("reply"), (string?)said.Body["reply"]!["message"]).ShouldBe((said.Id("ticket"), "It burns again."));
        said.Http.Response.Headers.Location.ToString().ShouldBe($"/api/tickets/{said.Id("ticket")}");
    }

    [Fact]
    public async Task An_owner_who_comes_back_many_times_at_once_gets_one_new_ticket()
    {
        var author = await Someone();
        var (old, _) = await CompletedLongAgo(author, "The printer is on fire");

        var replies = await Task.WhenAll(Enumerable.Range(1, 20).Select(n => Call(author, "POST", $"/api/tickets/{old}/replies", new { message = $"reply {n}" })));

        replies.ShouldAllBe(r => r.Status == 201);
        replies.Select(r => r.Id("ticket")).Distinct().ShouldHaveSingleItem();
        var followUp = (await Load<Ticket>(replies[0].Id("ticket")))!;
        (followUp.ReplyCount, followUp.Replies.Length).ShouldBe((19, 19));
        (await EventsOf(old)).OfType<TicketFollowedUp>().ShouldHaveSingleItem();
    }

    private static readonly CurrentUser Owner = new(Guid.CreateVersion7(), Roles.User, Guid.Empty);
    private static readonly CurrentUser Staff = new(Guid.CreateVersion7(), Roles.Moderator, Guid.Empty);
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private static readonly Ticket Old = new() { Id = Guid.CreateVersion7(), AuthorId = Owner.Id, Number = 7, Title = "t", Status = Status.Completed, CompletedAt = Now.AddDays(-15) };

    [Fact]
    public async Task Only_the_owner_and_only_after_14_days_is_sent_to_a_new_ticket()
    {
        (await Walk(Old, Owner)).FollowUpOf.ShouldBe(Old.Id);
        (await Walk(Old, Staff)).FollowUpOf.ShouldBeNull();
        (await Walk(Old with { CompletedAt = Now - Landing.ReopensFor }, Owner)).FollowUpOf.ShouldBeNull();
        (await Walk(Old with { Status = Status.Todo, CompletedAt = null }, Owner)).FollowUpOf.ShouldBeNull();
    }

    [Fact]
    public async Task A_follow_up_that_is_gone_is_followed_up_itself()
    {
        var gone = new Ticket { Id = Guid.CreateVersion7(), AuthorId = Owner.Id, DeletedAt = Now };

        var landing = await Walk(Old with { FollowUpId = gone.Id }, Owner, gone);

        (landing.Ticket!.Id, landing.FollowUpOf).ShouldBe((Old.Id, Old.Id));
    }

    [Fact]
    public async Task A_follow_up_merged_back_into_the_old_ticket_leads_nobody_in_a_circle()
    {
        var back = new Ticket { Id = Guid.CreateVersion7(), AuthorId = Owner.Id, Status = Status.Completed, CompletedAt = Now, MergedInto = Old.Id };
        var old = Old with { FollowUpId = back.Id };

        var landing = await Walk(back, Owner, old, back);

        (landing.Ticket!.Id, landing.MergedInto, landing.FollowUpOf).ShouldBe((old.Id, old.Id, old.Id));
        landing = await Walk(old, Owner, old, back);
        (landing.Ticket!.Id, landing.MergedInto, landing.FollowUpOf).ShouldBe((old.Id, null, old.Id));
    }

    [Fact]
    public void A_long_title_is_cut_between_characters()
    {
        var old = Old with { Title = string.Concat(Enumerable.Repeat("🔥", 255)) };

        var title = Replying.Decide(new Landing(old, old) { FollowUp = new(8), FollowUpOf = old.Id }, Owner, "hello", 200).Item2.FollowUp!.Title;

        title.EnumerateRunes().Count().ShouldBe(255);
        title.ShouldStartWith("Follow-up of #7: 🔥");
        title.ShouldNotContain("\uFFFD");
    }

    private static Task<Landing> Walk(Ticket from, CurrentUser user, params Ticket[] others) =>
        Landing.WalkAsync(from, user, Now, id => Task.FromResult(others.FirstOrDefault(t => t.Id == id)));

    private async Task<(Guid, int)> CompletedLongAgo(Caller author, string title)
    {
        var (id, number, then) = (Guid.CreateVersion7(), Random.Shared.Next(1, 500_000) * -1, DateTimeOffset.UtcNow.AddDays(-20));
        await using var session = Store.LightweightSession();
        var created = new Event<TicketCreated>(new TicketCreated(id, number, author.Id, title, "It burns.", "Hardware")) { Timestamp = then };
        var completed = new Event<TicketStatusChanged>(new TicketStatusChanged(id, author.Id, Status.Todo, Status.Completed, null)) { Timestamp = then };
        session.Events.StartStream<Ticket>(id, created, completed);
        await session.SaveChangesAsync(Ct);
        (await Load<Ticket>(id))!.CompletedAt!.Value.ShouldBeLessThan(DateTimeOffset.UtcNow.AddDays(-19));
        return (id, number);
    }
}
