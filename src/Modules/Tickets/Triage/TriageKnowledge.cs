using Marten;
using Microsoft.Extensions.Hosting;
using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Triage;

/// <summary>What advisors may know of this installation: the skills its staff have now, and what its solved tickets taught.</summary>
public sealed class TriageKnowledge(IStaff staff)
{
    private readonly TaskCompletionSource firstLesson = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Lessons? learned;

    public async ValueTask<Installation> CurrentAsync(CancellationToken ct)
    {
        await firstLesson.Task.WaitAsync(ct);
        return new Installation([.. (await staff.AllAsync(ct)).SelectMany(s => s.Skills).Distinct(StringComparer.OrdinalIgnoreCase)], learned);
    }

    /// <summary>What is known from now on; null when the history that is left teaches nothing.</summary>
    public void Learn(Lessons? lessons)
    {
        learned = lessons;
        Open();
    }

    /// <summary>Whoever waits to ask need not wait for lessons any longer.</summary>
    public void Open() => firstLesson.TrySetResult();
}

/// <summary>
/// Keeps what this node knows at the newest model of all nodes, and trains that model when there is enough new: when the service starts, and every
/// minute. One node trains, the others load what it stored; a node that starts loads it too, and answers at once.
/// </summary>
public sealed class LearnFromSolvedTickets(IDocumentStore store, StoredLessons stored, TriageKnowledge knowledge, TimeProvider clock, ILogger<LearnFromSolvedTickets> log)
    : BackgroundService
{
    private const int MostTickets = 10_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    private long? known;

    /// <summary>Loads the newest model, and trains if there is enough news and nobody else does.</summary>
    public async Task LearnAsync(CancellationToken ct)
    {
        var head = await stored.HeadAsync(ct);
        await using var session = store.QuerySession();
        var size = Lessons.Size(await Solved(session).CountAsync(ct));
        var isReadable = head?.LearnedFrom is null || await LoadAsync(head, ct);
        if (isReadable && head?.LearnedFrom == size)
            return;

        // Who knows something serves it while another node trains; who knows nothing has nothing better to do than to wait.
        Lessons? lessons = null;
        var trained = await stored.TrainAsync(
            head?.Generation ?? 0, async () => (lessons = await TrainAsync(session, size, ct), size), patient: known is null, ct);
        if (trained is not null)
        {
            known = trained;
            knowledge.Learn(lessons);
            log.LogInformation("Learned from {Tickets} solved tickets: model {Version}", lessons?.Tickets ?? 0, lessons?.Version ?? "none");
        }
        else if (known is null && await stored.HeadAsync(ct) is { LearnedFrom: not null } theirs)
            await LoadAsync(theirs, ct);
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

            knowledge.Open();
        }
        while (await timer.WaitForNextTickAsync(ct));
    }

    // False when there should be a model and its bytes are not one.
    private async Task<bool> LoadAsync(StoredModel head, CancellationToken ct)
    {
        if (known == head.Generation)
            return true;

        var lessons = await stored.LoadAsync(ct);
        if (lessons is null && head.Version is not null)
            return false;

        known = head.Generation;
        knowledge.Learn(lessons);
        log.LogInformation("Loaded model {Version}", lessons?.Version ?? "none");
        return true;
    }

    private static async Task<Lessons?> TrainAsync(IQuerySession session, int size, CancellationToken ct)
    {
        var solved = await Solved(session).OrderBy(t => t.CompletedAt).ThenBy(t => t.Id)
            .Skip(Math.Max(0, size - MostTickets)).Take(Math.Min(size, MostTickets)).ToListAsync(ct);
        return Lessons.From(solved.Select(SolvedTicket.Of));
    }

    private static IQueryable<Ticket> Solved(IQuerySession session) =>
        session.Query<Ticket>().Where(t => t.CompletedAt != null && t.MergedInto == null && t.DeletedAt == null && !t.IsErased);
}
