using Marten;
using Npgsql;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Lifecycle;
using TicMate.Tickets.Triage;
using Wolverine;
using Wolverine.Marten;
using Wolverine.Persistence.Durability;
using Wolverine.Runtime;
using Wolverine.Transports;

namespace TicMate.Tickets.Import;

/// <summary>How a team brings its old tickets.</summary>
/// <param name="Limit">Read at most so many rows.</param>
/// <param name="SkillColumn">The column with the skill that solving took; with it the tickets come as completed history.</param>
/// <param name="Notify">Mail the assignees.</param>
public sealed record ImportRequest(string File, int? Limit, string? SkillColumn, bool Notify);

/// <summary>How far the reading is.</summary>
/// <param name="AlreadyHere">Rows that came with an earlier run, or earlier in the file under the same id.</param>
/// <param name="Part">How much is read, from 0 to 1, if that can be known.</param>
public sealed record ImportProgress(int Read, int Created, int AlreadyHere, int Rejected, double? Part);

/// <summary>How far the agent is with the open tickets of a run.</summary>
public sealed record TriageProgress(long Open, long Triaged, long Assigned);

public sealed class ImportTickets(IDocumentStore store, IWolverineRuntime runtime, IPeople people)
{
    /// <summary>Where imported tickets wait for their triage: not in front of those that people write meanwhile.</summary>
    public static readonly Uri Queue = new("local://imports/");

    /// <summary>Opens the file and prepares the database. The run must be disposed, when its report is written.</summary>
    public async Task<ImportRun> BeginAsync(ImportRequest request, CancellationToken ct)
    {
        var file = ImportFile.Open(request.File, request.SkillColumn);
        try
        {
            await store.EnsureImporterAsync(ct);
            return new ImportRun(request, file, await ImportNotes.OpenAsync(store, ct), store, runtime, people);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}

/// <summary>
/// Rows become tickets in transactions of a hundred, each with the messages that ask for the triage. Those belong to no node: whichever
/// process triages on this database takes them, now or after a crash.
/// </summary>
public sealed class ImportRun(ImportRequest request, ImportFile file, ImportNotes notes, IDocumentStore store, IWolverineRuntime runtime, IPeople people)
    : IAsyncDisposable
{
    private const int BatchSize = 100, FaultsKept = 100;
    private const long ImportLock = 0x7469636d617469; // "ticmati"

    private readonly List<ImportRow> faults = [];

    public ImportProgress Progress { get; private set; } = new(0, 0, 0, 0, 0);

    /// <summary>The reading had to end before the file did.</summary>
    public bool IsCutShort => file.IsCutShort;

    /// <summary>The first rows that could not become tickets.</summary>
    public IReadOnlyList<ImportRow> Faults => faults;

    /// <summary>Imports until the file, the limit or the patience ends; what was begun is always finished.</summary>
    public async Task ReadAsync(Action<ImportProgress> report, CancellationToken stop)
    {
        foreach (var batch in file.Rows().Take(request.Limit ?? int.MaxValue).Chunk(BatchSize))
        {
            var good = batch.Where(row => row.Fault is null).ToArray();
            faults.AddRange(batch.Where(row => row.Fault is not null).Take(FaultsKept - faults.Count));
            var created = await StoreAsync(good);

            var read = Progress.Read + batch.Length;
            Progress = new(
                read, Progress.Created + created, Progress.AlreadyHere + good.Length - created, Progress.Rejected + batch.Length - good.Length,
                request.Limit is { } limit ? Math.Max((double)read / limit, file.Part ?? 0) : file.Part);
            report(Progress);
            if (stop.IsCancellationRequested)
                return;
        }
    }

    /// <summary>How far the agent is. The tickets of this run alone count.</summary>
    public Task<TriageProgress> TriagedAsync(CancellationToken ct) => notes.TriagedAsync(ct);

    /// <summary>Who got how many of this run's tickets; those with the most first.</summary>
    public async Task<IReadOnlyList<(string Name, long Tickets)>> AssignedAsync(CancellationToken ct)
    {
        var assigned = await notes.AssignedAsync(ct);
        var names = await people.NamesAsync([.. assigned.Select(a => a.Person)], ct);
        return [.. assigned.Select(a => (names[a.Person], a.Tickets))];
    }

    public ValueTask DisposeAsync()
    {
        file.Dispose();
        return notes.DisposeAsync();
    }

    private async Task<int> StoreAsync(ImportRow[] rows)
    {
        var keyed = await notes.KeysAsync(rows);
        await using var session = store.LightweightSession();
        session.LastModifiedBy = "command:import";

        // One import stores at a time, so that two runs of the same file cannot both find a row missing.
        await session.BeginTransactionAsync(CancellationToken.None);
        await session.QueryAsync<int>("select 1 from (select pg_advisory_xact_lock(?)) locked", CancellationToken.None, ImportLock);

        var keys = keyed.Keys.ToArray();
        var known = await session.Query<Ticket>().Where(ticket => ticket.ImportKey!.IsOneOf(keys)).Select(ticket => ticket.ImportKey!).ToListAsync();
        var fresh = keyed.ExceptBy(known, row => row.Key).ToArray();
        if (fresh.Length == 0)
            return 0;

        var numbers = await TicketNumber.NextAsync(session, fresh.Length, CancellationToken.None);
        var messages = new MartenOutbox(runtime, session);
        var ids = new List<Guid>(fresh.Length);
        foreach (var ((key, row), number) in fresh.Zip(numbers))
        {
            var id = Guid.CreateVersion7();
            ids.Add(id);
            session.Events.StartStream<Ticket>(id, row.Events(id, number.Value, key, request.Notify));
            if (row.Skill is null)
                await AskForTriageAsync(messages, id);
        }

        await session.SaveChangesAsync();
        await notes.RememberAsync(ids);
        return fresh.Length;
    }

    // Published the usual way, the message would be this process's own to handle, and wait in vain when another one triages.
    private async Task AskForTriageAsync(MartenOutbox messages, Guid ticketId)
    {
        var message = new TriageTicket(ticketId);
        var serializer = runtime.Options.DefaultSerializer;
        await messages.Transaction!.PersistIncomingAsync(new Envelope(message)
        {
            Destination = ImportTickets.Queue, ContentType = serializer.ContentType, Data = serializer.WriteMessage(message),
            OwnerId = TransportConstants.AnyNode, Status = EnvelopeStatus.Incoming,
        });
    }
}
