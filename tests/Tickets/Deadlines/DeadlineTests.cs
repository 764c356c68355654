using Microsoft.Extensions.DependencyInjection;
using TicMate.Tests.Fakes;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Deadlines;
using Wolverine.Tracking;

namespace TicMate.Tests.Tickets.Deadlines;

public sealed class DeadlineTests(App app) : AppTest(app)
{
    // Far off, so that the service, which looks on its own too, finds nothing due.
    private static readonly DateTimeOffset Deadline = new(DateTimeOffset.UtcNow.Date.AddDays(400), TimeSpan.Zero);

    [Theory]
    [InlineData(-25, DeadlineStage.Ahead, null), InlineData(-24, DeadlineStage.Ahead, DeadlineStage.Near), InlineData(-1, DeadlineStage.Ahead, DeadlineStage.Near)]
    [InlineData(0, DeadlineStage.Ahead, DeadlineStage.Over), InlineData(99, DeadlineStage.Ahead, DeadlineStage.Over)]
    [InlineData(-24, DeadlineStage.Near, null), InlineData(-1, DeadlineStage.Near, null), InlineData(0, DeadlineStage.Near, DeadlineStage.Over)]
    [InlineData(0, DeadlineStage.Over, null), InlineData(999, DeadlineStage.Over, null)]
    public void What_is_said_of_a_deadline_depends_on_the_time_and_on_what_was_said(int hoursAfter, DeadlineStage told, DeadlineStage? due)
    {
        var (ticket, at) = (new Ticket { Deadline = Deadline, DeadlineStage = told }, Deadline.AddHours(hoursAfter));

        RemindOfDeadlineHandler.Due(ticket, at).ShouldBe(due);
        RemindOfDeadlineHandler.Due(ticket with { Status = Status.Completed }, at).ShouldBeNull();
        RemindOfDeadlineHandler.Due(ticket with { DeletedAt = at }, at).ShouldBeNull();
        RemindOfDeadlineHandler.Due(ticket with { Deadline = null }, at).ShouldBeNull();
        RemindOfDeadlineHandler.Due(null, at).ShouldBeNull();
    }

    [Fact]
    public async Task The_assignee_is_warned_once_and_told_once_whoever_looks_how_often()
    {
        var (anna, id) = await AssignedTicket();

        await Look(id, -25);
        await Look(id, -23);
        await Task.WhenAll(Look(id, -2), Look(id, -2));
        await Look(id, 1);
        await Task.WhenAll(Look(id, 2), Look(id, 3));

        (await EventsOf(id)).Count(e => e is TicketDeadlineNeared).ShouldBe(1);
        (await EventsOf(id)).Count(e => e is TicketDeadlinePassed).ShouldBe(1);
        (await MailsTo(anna)).ShouldBe(["near", "over"]);
        (await Due(id, 4)).ShouldBeFalse();
    }

    [Fact]
    public async Task What_passed_while_the_service_was_down_is_told_as_over_alone()
    {
        var (anna, id) = await AssignedTicket();

        await Look(id, 50);

        (await MailsTo(anna)).ShouldBe(["over"]);
    }

    [Fact]
    public async Task A_deadline_that_moves_is_told_anew()
    {
        var (anna, id) = await AssignedTicket();
        await Look(id, -1);

        await Append<Ticket>(id, new TicketDeadlineMoved(id, anna.Id, Deadline.AddDays(3)));
        (await Due(id, 1)).ShouldBeFalse();
        await Look(id, 71);
        await Append<Ticket>(id, new TicketDeadlineMoved(id, anna.Id, Deadline));
        await Look(id, 0);
        await Append<Ticket>(id, new TicketDeadlineMoved(id, anna.Id, null));
        (await Due(id, 99)).ShouldBeFalse();

        (await MailsTo(anna)).ShouldBe(["near", "near", "over"]);
    }

    [Fact]
    public async Task A_ticket_that_is_done_or_deleted_is_told_of_only_if_it_comes_back()
    {
        var (anna, id) = await AssignedTicket();

        await Append<Ticket>(id, new TicketStatusChanged(id, anna.Id, "todo", "completed", anna.Id));
        (await Due(id, -1)).ShouldBeFalse();
        await Append<Ticket>(id, new TicketStatusChanged(id, anna.Id, "completed", "todo", anna.Id));
        (await Due(id, -1)).ShouldBeTrue();
        await Append<Ticket>(id, new TicketDeleted(id, anna.Id, anna.Id));
        (await Due(id, 1)).ShouldBeFalse();
        await Host.InvokeMessageAndWaitAsync(new RemindOfDeadline(id, Deadline.AddHours(1)));
        (await EventsOf(id)).OfType<TicketDeadlinePassed>().ShouldBeEmpty();
        await Append<Ticket>(id, new TicketRestored(id, anna.Id, anna.Id));
        await Look(id, 1);

        (await MailsTo(anna)).ShouldBe(["over"]);
    }

    [Fact]
    public async Task A_mail_that_waited_is_not_sent_when_the_ticket_has_moved_on()
    {
        var (anna, id) = await AssignedTicket();
        await Append<Ticket>(id, new TicketDeadlineNeared(id, Deadline));
        var mail = new TellOfDeadline(id, anna.Id, Deadline, DeadlineStage.Near, 1);
        var ticket = (await Load<Ticket>(id))!;

        TellOfDeadlineHandler.Validate(mail, ticket).ShouldBe(Wolverine.HandlerContinuation.Continue);
        foreach (var moved in new[]
        {
            null, ticket with { Status = Status.Completed }, ticket with { DeletedAt = Deadline }, ticket with { AssigneeId = null }, ticket with { AssigneeId = Guid.NewGuid() },
            ticket with { Deadline = null }, ticket with { DeadlineStage = DeadlineStage.Over },
        })
            TellOfDeadlineHandler.Validate(mail, moved).ShouldBe(Wolverine.HandlerContinuation.Stop);
    }

    [Fact]
    public async Task Nobodys_ticket_is_noted_without_a_mail_and_whoever_gets_it_later_reads_the_deadline()
    {
        var (anna, id) = (await AModerator(), (Guid)(await ATicket(await Someone()))["id"]!);
        await Append<Ticket>(id, new TicketDeadlineMoved(id, anna.Id, Deadline));

        await Look(id, -1);
        (await EventsOf(id)).OfType<TicketDeadlineNeared>().Single().Deadline.ShouldBe(Deadline);

        await CallAndSettle(await AModerator(), "POST", $"/api/tickets/{id}/assign", new { assignedTo = anna.Id });
        (await App.Smtp.MailFor(anna.Email, Ct)).Message.TextBody!.ShouldContain($"Deadline: {Deadline:yyyy-MM-dd} 00:00 UTC.");
    }

    [Fact]
    public void What_was_imported_silently_is_told_of_only_when_a_person_assigned_it()
    {
        var ticket = new Ticket { Id = Guid.CreateVersion7(), Deadline = Deadline, AssigneeId = Guid.CreateVersion7(), Silent = true };
        var command = new RemindOfDeadline(ticket.Id, Deadline);

        RemindOfDeadlineHandler.Handle(command, ticket).Item3.ShouldBeEmpty();
        RemindOfDeadlineHandler.Handle(command, ticket with { AssignmentStands = true }).Item3.Count.ShouldBe(1);
        RemindOfDeadlineHandler.Handle(command, ticket with { Silent = false }).Item3.Count.ShouldBe(1);
    }

    private async Task<(Caller Anna, Guid Id)> AssignedTicket()
    {
        var (anna, owner) = (await AModerator(), await Someone());
        var id = (await CallAndSettle(owner, "POST", "/api/tickets", new { title = "t", description = "d", deadline = Deadline.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null) })).Id("ticket");
        await Append<Ticket>(id, new TicketAssigned(id, anna.Id, owner.Id, [], "by hand"));
        return (anna, id);
    }

    private async Task<bool> Due(Guid id, int hoursAfter)
    {
        var at = Deadline.AddHours(hoursAfter);
        return (await Host.Services.GetRequiredService<WatchDeadlines>().DueAsync(at, Ct)).Contains(new RemindOfDeadline(id, at));
    }

    // Only this ticket is told of: the others belong to other tests.
    private async Task Look(Guid id, int hoursAfter)
    {
        if (await Due(id, hoursAfter))
            await Host.InvokeMessageAndWaitAsync(new RemindOfDeadline(id, Deadline.AddHours(hoursAfter)));
    }

    /// <summary>What the mails about the deadline said, oldest first; each is another mail.</summary>
    private async Task<string[]> MailsTo(Caller person)
    {
        await Host.InvokeMessageAndWaitAsync(new TicMate.Tickets.Assignment.TellAssignee(await LastTicketOf(person), person.Id, 99));
        List<string> ids = [];
        while ((await App.Smtp.MailFor(person.Email, Ct)).Message.MessageId is { } mail && mail.StartsWith("deadline.", StringComparison.Ordinal))
            ids.Add(mail);

        ids.Distinct().Count().ShouldBe(ids.Count);
        return [.. ids.Select(mail => mail.Split('.')[3])];
    }

    // Its mail comes last, so that nothing has to be waited for.
    private async Task<Guid> LastTicketOf(Caller person)
    {
        var id = (Guid)(await ATicket(await Someone()))["id"]!;
        await Append<Ticket>(id, new TicketAssigned(id, person.Id, person.Id, [], "by hand"));
        return id;
    }
}
