using Marten;
using Npgsql;

namespace TicMate.Admin.Operations.Rebuilding;

/// <summary>The last rebuild of a read model.</summary>
public sealed record Rebuild
{
    /// <summary>It goes on.</summary>
    public const string Running = "running";

    /// <summary>The old rows were what the events say.</summary>
    public const string Unchanged = "unchanged";

    /// <summary>They were not, and are now.</summary>
    public const string Switched = "switched";

    /// <summary>They were not, and stayed as they were.</summary>
    public const string Differs = "differs";

    public const string Failed = "failed";

    /// <summary>Its process is gone.</summary>
    public const string Abandoned = "abandoned";

    /// <summary>The name of the read model.</summary>
    public string Id { get; init; } = "";

    public string State { get; init; } = Running;

    /// <summary>How many events, or streams, of how many.</summary>
    public long Done { get; init; }

    public long Total { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public IReadOnlyList<Parity> Parity { get; init; } = [];

    public long Differences => Parity.Sum(table => table.Differences);
}

/// <summary>
/// Builds read models anew while the old ones are read. One at a time, whatever the number of nodes: a lock in the database is held meanwhile,
/// and is gone with the process.
/// </summary>
public sealed class Rebuilds(IDocumentStore store, TimeProvider clock, ILogger<Rebuilds> log)
{
    private const long Lock = 0x7265_6275_696c_64; // "rebuild"
    private static readonly TimeSpan BetweenNotes = TimeSpan.FromSeconds(1);

    public IReadOnlyList<ReadModel> Models { get; } = ReadModel.Of((StoreOptions)store.Options);

    public ReadModel? Find(string name) => Models.FirstOrDefault(model => string.Equals(model.Name, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The last rebuild of each read model that had one.</summary>
    public static async Task<IReadOnlyList<Rebuild>> LastAsync(IQuerySession session, CancellationToken ct)
    {
        var last = await session.Query<Rebuild>().ToListAsync(ct);
        var running = last.Where(rebuild => rebuild.State is Rebuild.Running).Select(rebuild => (rebuild.Id, rebuild.StartedAt)).ToHashSet();
        if (running.Count == 0 || await IsAnyRunningAsync(session, ct))
            return last;

        // Who gives the turn back has noted the end before. So one that ended between the two looks says so now; what still says that it runs does not.
        var now = await session.Query<Rebuild>().ToListAsync(ct);
        return [.. now.Select(rebuild => rebuild.State is Rebuild.Running && running.Contains((rebuild.Id, rebuild.StartedAt)) ? rebuild with { State = Rebuild.Abandoned } : rebuild)];
    }

    // Whether one is going on, on any node.
    private static async Task<bool> IsAnyRunningAsync(IQuerySession session, CancellationToken ct) => (await session.QueryAsync<bool>(
        "select exists (select from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database()) and classid = ?::bigint::oid and objid = ?::bigint::oid and objsubid = 1)",
        ct, Lock >> 32, Lock & 0xffff_ffff))[0];

    /// <summary>Takes the turn, or gives null when another rebuild has it. What is taken must be run.</summary>
    public async Task<RebuildRun?> TryBeginAsync(ReadModel model, bool acceptDifferences, string actor, CancellationToken ct)
    {
        var turn = ((DocumentStore)store).Storage.Database.CreateConnection();
        try
        {
            await turn.OpenAsync(ct);
            await using var command = new NpgsqlCommand("select pg_try_advisory_lock($1)", turn) { Parameters = { new() { Value = Lock } } };
            if (!(bool)(await command.ExecuteScalarAsync(ct))!)
            {
                await turn.DisposeAsync();
                return null;
            }

            var run = new RebuildRun((DocumentStore)store, turn, model, acceptDifferences, actor, clock, log, BetweenNotes);
            await run.NoteStartAsync(ct);
            return run;
        }
        catch
        {
            await turn.DisposeAsync();
            throw;
        }
    }
}

/// <summary>One rebuild whose turn it is.</summary>
public sealed class RebuildRun(
    DocumentStore store, NpgsqlConnection turn, ReadModel model, bool acceptDifferences, string actor, TimeProvider clock, ILogger log, TimeSpan betweenNotes)
{
    private Rebuild state = new() { Id = model.Name, StartedAt = clock.GetUtcNow() };
    private DateTimeOffset notedAt;

    public async Task NoteStartAsync(CancellationToken ct) => await NoteAsync(new RebuildStarted(model.Name, acceptDifferences), ct);

    /// <summary>To its end; how it ended is in the answer, whatever it was.</summary>
    /// <param name="told">Hears of progress.</param>
    public async Task<Rebuild> RunAsync(Action<Rebuild>? told, CancellationToken ct)
    {
        await using var _ = turn;
        try
        {
            var parity = model.Document is { } document
                ? await IRebuildSnapshots.Of(store, document).RunAsync(acceptDifferences, ProgressAsync, ct)
                : await new RebuildTables(store, model).RunAsync(acceptDifferences, ProgressAsync, ct);
            state = state with { Parity = parity };
            state = state with { State = state.Differences == 0 ? Rebuild.Unchanged : acceptDifferences ? Rebuild.Switched : Rebuild.Differs };
        }
        catch (Exception e)
        {
            if (e is not OperationCanceledException)
                log.LogError(e, "{Name} could not be rebuilt; what was there is still there", model.Name);
            state = state with { State = Rebuild.Failed };
        }

        state = state with { EndedAt = clock.GetUtcNow() };
        try
        {
            await NoteAsync(new RebuildEnded(model.Name, state.State, state.Differences), CancellationToken.None);
        }
        finally
        {
            await GiveTurnBackAsync();
        }

        return state;

        async Task ProgressAsync(long done, long total)
        {
            state = state with { Done = done, Total = total };
            told?.Invoke(state);
            if (clock.GetUtcNow() - notedAt >= betweenNotes)
                await NoteAsync(null, ct);
        }
    }

    // A connection of the pool keeps its locks for the next one.
    private async Task GiveTurnBackAsync()
    {
        try
        {
            await using var command = new NpgsqlCommand("select pg_advisory_unlock_all()", turn);
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            // With the connection the lock is gone too.
        }
    }

    private async Task NoteAsync(object? fact, CancellationToken ct)
    {
        notedAt = clock.GetUtcNow();
        await using var session = store.LightweightSession();
        session.LastModifiedBy = actor;
        session.Store(state);
        if (fact is not null)
            session.Events.StartStream<OperationsAction>(Guid.CreateVersion7(), fact);
        await session.SaveChangesAsync(ct);
    }
}
