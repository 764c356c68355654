using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Assignment;
using TicMate.Tickets.Triage;
using Wolverine;

namespace TicMate.Tests.Tickets;

public sealed class RecordTriageTests
{
    private static readonly Candidate Ben = new(new User { Id = Guid.CreateVersion7(), Role = Roles.Moderator, Skills = ["auth"] }, 0, null);
    private readonly Ticket ticket = new() { Id = Guid.CreateVersion7(), Title = "Login fails" };
    private RecordTriage Command => new(ticket.Id, new("built-in", "high", ["auth"], "Check the token.", "Cannot log in"), "the model did not answer");

    [Fact]
    public void The_one_who_fits_gets_the_ticket_and_a_mail()
    {
        var (triaged, assigned, unassigned, _, messages) = RecordTriageHandler.Handle(Command, ticket, [Ben]);

        (triaged.Advisor, triaged.Priority, triaged.FallbackReason).ShouldBe(("built-in", "high", "the model did not answer"));
        assigned!.AssigneeId.ShouldBe(Ben.Person.Id);
        unassigned.ShouldBeNull();
        messages.OfType<TellAssignee>().Single().ShouldBe(new TellAssignee(ticket.Id, Ben.Person.Id, ticket.Version));
    }

    [Fact]
    public void Without_anybody_fit_the_ticket_waits_and_the_history_says_why()
    {
        var (_, assigned, unassigned, _, messages) = RecordTriageHandler.Handle(Command, ticket, []);

        (assigned, messages.Count).ShouldBe((null, 0));
        unassigned!.Reason.ShouldContain("auth");
    }

    [Fact]
    public void The_agent_never_takes_a_ticket_from_someone()
    {
        var (_, assigned, unassigned, _, messages) = RecordTriageHandler.Handle(Command, ticket with { AssigneeId = Guid.CreateVersion7() }, [Ben]);
        (assigned, unassigned, messages.Count).ShouldBe((null, null, 0));
    }

    [Fact]
    public void A_message_that_comes_twice_changes_nothing()
    {
        RecordTriageHandler.Validate(ticket with { TriagedBy = "built-in" }).ShouldBe(HandlerContinuation.Stop);
        TriageTicketHandler.Validate(ticket with { TriagedBy = "built-in" }).ShouldBe(HandlerContinuation.Stop);
        RecordTriageHandler.Validate(ticket).ShouldBe(HandlerContinuation.Continue);
        RecordTriageHandler.Validate(null).ShouldBe(HandlerContinuation.Stop);
    }
}
