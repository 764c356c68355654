using Marten;
using Microsoft.Extensions.Hosting;
using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Triage;

/// <summary>What advisors may know of this installation: the skills its staff have now, and what its solved tickets taught.</summary>
public sealed class TriageKnowledge(IDocumentStore store)
{
    private readonly TaskCompletionSource firstLesson = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Lessons? learned;

    public async ValueTask<Installation> CurrentAsync(CancellationToken ct)
    {
        await firstLesson.Task.WaitAsync(ct);
        await using var session = store.QuerySession();
        var staff = await session.StaffAsync(ct);
        return new Installation([.. staff.SelectMany(s => s.Skills).Distinct(StringComparer.OrdinalIgnoreCase)], learned);
    }

    public void Learn(Lessons? lessons)
    {
        learned = lessons ?? learned;
        firstLesson.TrySetResult();
    }
}

/// <summary>
/// Learns from the tickets that this installation has solved: when the service starts, and whenever there is enough new. Every node learns
/// for itself, and the same: which tickets are learned from follows from the history alone.
/// </summary>
public sealed class LearnFromSolvedTickets(IDocumentStore store, TriageKnowledge knowledge, TimeProvider clock, ILogger<LearnFromSolvedTickets> log)
    : BackgroundService
{
    private const int MostTickets = 10_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    private int learnedFrom;

    /// <summary>Learns anew if there is enough news.</summary>
    public async Task LearnAsync(CancellationToken ct)
    {
        await using var session = store.QuerySession();
        var size = Lessons.Size(await Solved(session).CountAsync(ct));
        if (size == learnedFrom)
            return;

        var solved = await Solved(session).OrderBy(t => t.CompletedAt).ThenBy(t => t.Id)
            .Skip(Math.Max(0, size - MostTickets)).Take(Math.Min(size, MostTickets)).ToListAsync(ct);
        if (Lessons.From(solved.Select(SolvedTicket.Of)) is { } lessons)
        {
            knowledge.Learn(lessons);
            log.LogInformation("Learned from {Tickets} solved tickets: model {Version}", lessons.Tickets, lessons.Version);
        }

        learnedFrom = size;
    }

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Pause, clock);
        do
        {
            try
            {
                await LearnAsync(ct);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogWarning(e, "Learning from solved tickets failed; it is tried again in {Pause}", Pause);
            }

            knowledge.Learn(null);
        }
        while (await timer.WaitForNextTickAsync(ct));
    }

    private static IQueryable<Ticket> Solved(IQuerySession session) =>
        session.Query<Ticket>().Where(t => t.CompletedAt != null && t.MergedInto == null && t.DeletedAt == null && !t.IsErased);
}
