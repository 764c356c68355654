using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Assignment;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Triage;
using Wolverine;

namespace TicMate.Tests.Tickets;

public sealed class RecordTriageTests
{
    private static readonly Candidate Ben = new(new User { Id = Guid.CreateVersion7(), Role = Roles.Moderator, Skills = ["auth"] }, 0, null);
    private static readonly IOptions<TriageOptions> Usual = Options.Create(new TriageOptions());
    private readonly Ticket ticket = new() { Id = Guid.CreateVersion7(), Title = "Login fails", TriageRound = 1, Agent = new(AgentState.Pending, null, null, null) };
    private RecordTriage Command => new(ticket.Id, 1, Advice(), "the model did not answer");

    private static TriageAdvice Advice(double confidence = 0.8) => new("built-in",
    [
        new(ProposalField.Priority, ["high"], confidence, "It says so.", ["Login fails"]), new(ProposalField.Skills, ["auth"], confidence, "", []),
        new(ProposalField.Category, ["accounts"], confidence, "", []), new(ProposalField.Notes, ["Check the token."], confidence, "", []),
    ]);

    [Fact]
    public void The_one_who_fits_gets_the_ticket_and_a_mail()
    {
        var (triaged, assigned, unassigned, _, messages) = RecordTriageHandler.Handle(Command, ticket, [Ben], Usual);

        (triaged.Advisor, triaged.FallbackReason).ShouldBe(("built-in", "the model did not answer"));
        triaged.Proposals.ShouldAllBe(p => p.IsApplied);
        assigned!.AssigneeId.ShouldBe(Ben.Person.Id);
        unassigned.ShouldBeNull();
        messages.OfType<TellAssignee>().Single().ShouldBe(new TellAssignee(ticket.Id, Ben.Person.Id, ticket.Version));
    }

    [Fact]
    public void Without_anybody_fit_the_ticket_waits_and_the_history_says_why()
    {
        var (_, assigned, unassigned, _, messages) = RecordTriageHandler.Handle(Command, ticket, [], Usual);

        (assigned, messages.Count).ShouldBe((null, 0));
        unassigned!.Reason.ShouldContain("auth");
    }

    [Fact]
    public void The_agent_never_takes_a_ticket_from_someone()
    {
        var (_, assigned, unassigned, _, messages) = RecordTriageHandler.Handle(Command, ticket with { AssigneeId = Guid.CreateVersion7() }, [Ben], Usual);
        (assigned, unassigned, messages.Count).ShouldBe((null, null, 0));
    }

    [Fact]
    public void A_message_that_comes_twice_or_late_changes_nothing()
    {
        foreach (var other in new Ticket?[] { null, ticket with { Agent = ticket.Agent with { State = AgentState.Done } }, ticket with { TriageRound = 2 }, ticket with { IsErased = true } })
            (RecordTriageHandler.Validate(Command, other), TriageTicketHandler.Validate(new(ticket.Id, 1), other)).ShouldBe((HandlerContinuation.Stop, HandlerContinuation.Stop));

        (RecordTriageHandler.Validate(Command, ticket), TriageTicketHandler.Validate(new(ticket.Id), ticket)).ShouldBe((HandlerContinuation.Continue, HandlerContinuation.Continue));
    }

    [Theory]
    [InlineData(0.59, "skills,notes"), InlineData(0.6, "priority,skills,category,notes")]
    public void What_the_agent_is_not_sure_enough_of_waits_for_a_person(double confidence, string applied) =>
        Applied(Advice(confidence), ticket).ShouldBe(applied.Split(','));

    [Fact]
    public void What_a_person_has_set_is_never_changed_by_the_agent() =>
        Applied(Advice(), ticket with { SetByPeople = [ProposalField.Priority, ProposalField.Skills] }).ShouldBe([ProposalField.Category, ProposalField.Notes]);

    [Fact]
    public void A_text_that_gives_orders_to_the_model_gets_nothing_by_itself() =>
        Applied(Advice() with { InjectionSuspected = true }, ticket).ShouldBeEmpty();

    private static IEnumerable<string> Applied(TriageAdvice advice, Ticket ticket) =>
        RecordTriageHandler.Judge(advice, ticket, new TriageOptions()).Where(p => p.IsApplied).Select(p => p.Field);
}
