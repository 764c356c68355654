using Microsoft.Extensions.Logging.Abstractions;
using TicMate.Tickets;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Triage;

namespace TicMate.Tests.Tickets.Triage;

public sealed class LearnFromSolvedTicketsTests(App app) : AppTest(app)
{
    // Words that no other test says: the service itself may come to learn from these tickets.
    [Fact]
    public async Task Solved_tickets_teach_a_category()
    {
        var (author, gardens, vehicles) = (await Someone(), ASkill(), ASkill());
        await using (var session = Store.LightweightSession())
        {
            for (var i = 0; i < 120; i++)
            {
                var id = Guid.CreateVersion7();
                var isGarden = i % 2 == 0;
                session.Events.StartStream<Ticket>(id,
                    new TicketCreated(
                        id, 2_000_000 + i, author.Id, isGarden ? "lawnmowerq" : "forkliftq", isGarden ? "hedgeq sprinklerq" : "gearboxq clutchq", isGarden ? gardens : vehicles),
                    new TicketStatusChanged(id, author.Id, Status.Todo, Status.Completed, null));
            }

            await session.SaveChangesAsync(Ct);
        }

        var knowledge = new TriageKnowledge(Store);
        using var learning = new LearnFromSolvedTickets(Store, knowledge, TimeProvider.System, NullLogger<LearnFromSolvedTickets>.Instance);
        await learning.LearnAsync(Ct);
        var advice = BuiltInTriage.Advise(new("The Sprinklerq", "waters the hedgeq"), await knowledge.CurrentAsync(Ct));

        var category = advice.Proposals.Single(p => p.Field == ProposalField.Category);
        category.Value.ShouldBe([gardens]);
        category.Reason.ShouldContain("#2000");
        category.Quotes.ShouldContain("Sprinklerq");
    }
}
