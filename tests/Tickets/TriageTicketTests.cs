using Microsoft.Extensions.DependencyInjection;
using TicMate.Identity.Contracts;
using TicMate.Tests.Fakes;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Triage;

namespace TicMate.Tests.Tickets;

/// <summary>The service with a key for a language model, which is a fake that speaks the real protocol.</summary>
public sealed class AppWithModel : App
{
    public FakeModel Model { get; private set; } = null!;

    protected override IEnumerable<(string, string)> Settings => [("Ai:ApiKey", "a-key"), ("Ai:BaseUrl", Model.BaseUrl.ToString()), ("Ai:Model", "gemini-test")];

    public override async ValueTask InitializeAsync()
    {
        Model = await FakeModel.StartAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Model.DisposeAsync();
    }
}

public sealed class TriageTicketTests(AppWithModel app) : Scenarios(app), IClassFixture<AppWithModel>
{
    [Fact]
    public async Task The_models_advice_goes_onto_the_ticket_and_says_that_it_is_the_models()
    {
        var (skill, author) = (ASkill(), await Someone());
        var moderator = await AModerator(skill);
        app.Model.Behaviour = FakeModel.Answers(
            FakeModel.Advice("urgent", [skill.ToUpperInvariant(), "Hacking"], "It burns.", "Use **water**. <script>alert(1)</script>", "on  FIRE"));

        var id = (Guid)(await ATicket(author, "The printer is on fire", "Mail me: ada@example.org"))["id"]!;

        var ticket = (await Load<Ticket>(id))!;
        (ticket.TriagedBy, ticket.Priority, ticket.AssigneeId).ShouldBe(("gemini-test", "urgent", moderator.Id));
        ticket.RelatedSkills.ShouldBe([skill]);
        ticket.HelpfulNotes.ShouldContain("gemini-test");
        ticket.HelpfulNotes.ShouldNotContain("<");

        var asked = app.Model.Requests.Last();
        (asked.Path, asked.Authorization).ShouldBe(("/v1beta/openai/chat/completions", "Bearer a-key"));
        asked.Body.ShouldNotContain("ada@example.org");
        asked.Body.ShouldNotContain(author.Name);
    }

    [Fact]
    public async Task A_model_that_talks_nonsense_is_replaced_by_the_built_in_advisor_and_the_ticket_says_so()
    {
        app.Model.Behaviour = FakeModel.Answers("I think it is urgent!");

        var id = (Guid)(await ATicket(await Someone()))["id"]!;

        var triaged = (await EventsOf(id)).OfType<TicketTriaged>().Single();
        (triaged.Advisor, triaged.FallbackReason).ShouldBe(("built-in", "gemini-test: invalid-answer"));
        (await Load<Ticket>(id))!.HelpfulNotes.ShouldContain("the language model did not help");
    }

    [Fact]
    public async Task A_model_that_is_away_is_asked_three_times_and_then_the_built_in_advisor_answers()
    {
        app.Model.Behaviour = FakeModel.Refuses(500);
        var ticket = new Ticket { Id = Guid.CreateVersion7(), Title = "The printer is on fire", Description = "It burns." };

        for (var attempt = 1; attempt < TriageTicketHandler.Tries; attempt++)
            (await Should.ThrowAsync<ModelUnavailableException>(() => Ask(ticket, attempt))).Transient.ShouldBeTrue();

        var recorded = await Ask(ticket, TriageTicketHandler.Tries);
        (recorded.Advice.Advisor, recorded.FallbackReason).ShouldBe(("built-in", "gemini-test: provider-error"));
        recorded.Advice.Of(ProposalField.Notes).Single().ShouldContain("the language model did not help");
    }

    private Task<RecordTriage> Ask(Ticket ticket, int attempt) => TriageTicketHandler.HandleAsync(
        new TriageTicket(ticket.Id), ticket, new Wolverine.Envelope { Attempts = attempt },
        Host.Services.GetRequiredService<TriageAdvisors>(), Host.Services.GetRequiredService<TriageKnowledge>(), Ct);

    [Fact]
    public async Task What_staff_set_stands_whatever_the_model_says()
    {
        app.Model.Behaviour = FakeModel.Answers(FakeModel.Advice("urgent", quote: "toner"));

        var reply = await CallAndSettle(await AModerator(), "POST", "/api/tickets", new { title = "toner", description = "d", priority = "low" });

        (await Load<Ticket>(reply.Id("ticket")))!.Priority.ShouldBe("low");
    }
}
