using Marten;
using Microsoft.Extensions.Hosting;
using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Triage;

/// <summary>What advisors may know of this installation: the skills its staff have now, and what its solved tickets taught.</summary>
public sealed class TriageKnowledge(IDocumentStore store)
{
    private readonly TaskCompletionSource firstLesson = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile SkillClassifier? learned;

    public async ValueTask<Installation> CurrentAsync(CancellationToken ct)
    {
        await firstLesson.Task.WaitAsync(ct);
        await using var session = store.QuerySession();
        var staff = await session.StaffAsync(ct);
        return new Installation([.. staff.SelectMany(s => s.Skills).Distinct(StringComparer.OrdinalIgnoreCase)], learned);
    }

    public void Learn(SkillClassifier? classifier)
    {
        learned = classifier ?? learned;
        firstLesson.TrySetResult();
    }
}

/// <summary>Learns from the tickets that this installation has solved: when the service starts, and whenever there is enough new.</summary>
public sealed class LearnFromSolvedTickets(IDocumentStore store, TriageKnowledge knowledge, TimeProvider clock, ILogger<LearnFromSolvedTickets> log)
    : BackgroundService
{
    private const int MostTickets = 10_000, LeastNews = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        var seen = DateTimeOffset.MinValue;
        var size = 0;
        using var timer = new PeriodicTimer(Pause, clock);
        do
        {
            try
            {
                await using var session = store.QuerySession();
                if (await session.Query<Ticket>().CountAsync(t => t.CompletedAt > seen, ct) >= Math.Max(LeastNews, size / 20))
                {
                    var solved = await SolvedAsync(session, ct);
                    knowledge.Learn(SkillClassifier.Train(solved.Select(t => new SolvedTicket($"{t.Title}\n{t.Description}", t.RelatedSkills))));
                    (seen, size) = (solved.Max(t => t.CompletedAt!.Value), solved.Count);
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogWarning(e, "Learning from solved tickets failed; it is tried again in {Pause}", Pause);
            }

            knowledge.Learn(null);
        }
        while (await timer.WaitForNextTickAsync(ct));
    }

    private static Task<IReadOnlyList<Ticket>> SolvedAsync(IQuerySession session, CancellationToken ct) =>
        session.Query<Ticket>().Where(t => t.CompletedAt != null && t.MergedInto == null && t.DeletedAt == null).OrderByDescending(t => t.CompletedAt).Take(MostTickets).ToListAsync(ct);
}
