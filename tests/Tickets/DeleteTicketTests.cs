using Microsoft.Extensions.DependencyInjection;
using TicMate.Identity.Contracts;
using TicMate.Tests.Fakes;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Erasure;
using TicMate.Tickets.Lifecycle;
using Wolverine;
using Wolverine.Tracking;

namespace TicMate.Tests.Tickets;

public sealed class DeleteTicketTests(App app) : AppTest(app)
{
    [Fact]
    public async Task A_deleted_ticket_is_gone_for_all_but_admins_and_comes_back_as_it_was()
    {
        var skill = ASkill();
        var (author, moderator, admin) = (await Someone(), await AModerator(skill), await Someone(Roles.Admin));
        var id = (Guid)(await ATicket(author, $"{skill} fails"))["id"]!;
        var before = (await Call(moderator, "GET", $"/api/tickets/{id}")).Ticket;

        (await Call(author, "DELETE", "/api/tickets/delete-ticket", new { ticketId = id })).Status.ShouldBe(200);

        foreach (var person in new[] { author, moderator })
            (await Call(person, "GET", $"/api/tickets/{id}")).ShouldRefuse(404, "ticket-not-found");
        (await Call(author, "GET", "/api/tickets")).Body["tickets"]!.AsArray().ShouldBeEmpty();
        (await Call(moderator, "GET", "/api/tickets/get-assigned")).Body["tickets"]!.AsArray().ShouldBeEmpty();
        (await OpenTickets(moderator)).ShouldBe(0);
        ((string?)(await Call(admin, "GET", $"/api/tickets/{id}")).Ticket["deletedAt"]).ShouldNotBeNull();
        (await Call(admin, "PATCH", $"/api/tickets/{id}", new { title = "x" })).ShouldRefuse(409, "ticket-deleted");
        (await Call(admin, "PUT", $"/api/tickets/status/{id}")).ShouldRefuse(409, "ticket-deleted");
        (await Call(admin, "PUT", "/api/tickets/ticket-reply", new { ticketId = id, message = "x" })).ShouldRefuse(409, "ticket-deleted");

        (await Call(author, "POST", $"/api/tickets/{id}/restore")).Status.ShouldBe(200);

        var after = (await Call(moderator, "GET", $"/api/tickets/{id}")).Ticket;
        foreach (var field in before.AsObject().Select(m => m.Key).Except(["version", "updatedAt"]))
            after[field]?.ToJsonString().ShouldBe(before[field]?.ToJsonString(), field);
        (await OpenTickets(moderator)).ShouldBe(1);
    }

    [Fact]
    public async Task Only_the_owner_and_admins_delete_and_restore_and_doing_it_twice_is_doing_it_once()
    {
        var (author, moderator, admin, stranger) = (await Someone(), await AModerator(), await Someone(Roles.Admin), await Someone());
        var id = (Guid)(await ATicket(author))["id"]!;

        (await Call(moderator, "DELETE", $"/api/tickets/{id}")).ShouldRefuse(403, "forbidden");
        (await Call(stranger, "DELETE", $"/api/tickets/{id}")).ShouldRefuse(404, "ticket-not-found");
        (await Call(stranger, "DELETE", "/api/tickets/delete-ticket", new { ticketId = id })).ShouldRefuse(404, "ticket-not-found");
        (await Call(author, "DELETE", "/api/tickets/delete-ticket")).ShouldRefuse(404, "ticket-not-found");
        (await Call(author, "DELETE", $"/api/tickets/{id}", new { id = Guid.NewGuid() })).ShouldFault("id");
        (await Call(admin, "DELETE", $"/api/tickets/{id}")).Status.ShouldBe(200);
        (await Call(admin, "DELETE", $"/api/tickets/{id}")).Status.ShouldBe(200);
        (await Call(author, "DELETE", $"/api/tickets/{id}")).ShouldRefuse(404, "ticket-not-found");
        (await Call(moderator, "POST", $"/api/tickets/{id}/restore")).ShouldRefuse(404, "ticket-not-found");
        (await Call(stranger, "POST", $"/api/tickets/{id}/restore")).ShouldRefuse(404, "ticket-not-found");
        (await Call(author, "POST", $"/api/tickets/{id}/restore")).Status.ShouldBe(200);
        (await Call(author, "POST", $"/api/tickets/{id}/restore")).Status.ShouldBe(200);

        (await EventsOf(id)).Select(e => e.GetType()).TakeLast(2).ShouldBe([typeof(TicketDeleted), typeof(TicketRestored)]);
    }

    [Fact]
    public async Task After_a_month_the_words_are_gone_and_the_number_stays()
    {
        var (author, moderator, admin) = (await Someone(), await AModerator(), await Someone(Roles.Admin));
        var ticket = await ATicket(author, "canary-deleted-title", "canary-deleted-text");
        var id = (Guid)ticket["id"]!;
        await Call(moderator, "PUT", "/api/tickets/ticket-reply", new { ticketId = id, message = "canary-deleted-reply" });
        await CallAndSettle(moderator, "PATCH", $"/api/tickets/{id}", new { description = "canary-deleted-edit", helpfulNotes = "canary-deleted-notes" });
        await Call(author, "DELETE", $"/api/tickets/{id}");

        await Erase(id);
        (await Load<Ticket>(id))!.Title.ShouldBe("canary-deleted-title");

        await MakeOld(id);
        var sweeper = ActivatorUtilities.CreateInstance<EraseDeletedTickets>(Host.Services, new StoppedClock(DateTimeOffset.UtcNow));
        (await sweeper.DueAsync(Ct)).ShouldContain(id);
        await Erase(id);
        await Erase(id);

        var erased = (await Load<Ticket>(id))!;
        (erased.IsErased, erased.Title, erased.Number).ShouldBe((true, Ticket.Erased, (int)ticket["number"]!));
        (await EventsOf(id)).OfType<TicketErased>().Count().ShouldBe(1);
        (await sweeper.DueAsync(Ct)).ShouldNotContain(id);
        (await Call(author, "POST", $"/api/tickets/{id}/restore")).ShouldRefuse(409, "restore-window-over");
        (await Call(admin, "GET", $"/api/tickets/{id}")).Ticket["replies"]![0]!["message"]!.ToString().ShouldBe(Ticket.Erased);
        (await TextOfTheWholeDatabase()).ShouldNotContain("canary-deleted");
    }

    [Theory]
    [InlineData(29, null), InlineData(31, "restore-window-over")]
    public void A_ticket_can_come_back_for_thirty_days(int days, string? code)
    {
        var now = DateTimeOffset.UtcNow;
        (RestoreTicketEndpoint.TooLate(new Ticket { DeletedAt = now.AddDays(-days) }, now)?.Extensions["code"]).ShouldBe(code);
    }

    private Task<ITrackedSession> Erase(Guid id) => Host.InvokeMessageAndWaitAsync(new EraseTicketWriting(id, null));

    private async Task MakeOld(Guid id)
    {
        await using var session = Store.LightweightSession();
        session.Store((await session.LoadAsync<Ticket>(id, Ct))! with { DeletedAt = DateTimeOffset.UtcNow.AddDays(-31) });
        await session.SaveChangesAsync(Ct);
    }
}
