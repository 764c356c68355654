using JasperFx.Events;
using Marten;
using Marten.Services;
using Microsoft.Extensions.Hosting;
using Npgsql;
using TicMate.Identity.Contracts;
using TicMate.Identity.Profile;

namespace TicMate.Identity.Sessions;

/// <summary>
/// Tells every node, in the transaction that changes it, which session or person is not what it was. It hangs on the store, so that no
/// slice can forget it: what a session or a person is changes by events alone, and every event of theirs passes here.
/// </summary>
public sealed class TellSessionNews(SessionCache cache, RememberedNames names) : DocumentSessionListenerBase, IConfigureMarten
{
    public const string Channel = "ticmate_sessions";

    public void Configure(IServiceProvider services, StoreOptions options) => options.Listeners.Add(this);

    public override Task BeforeSaveChangesAsync(IDocumentSession session, CancellationToken token)
    {
        foreach (var id in Changed(session.PendingChanges.Streams()))
            session.QueueSqlCommand($"notify {Channel}, '{id}'");

        return Task.CompletedTask;
    }

    // This node does not wait for the message to itself: the answer to the request that changed something is still to be sent.
    public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
    {
        foreach (var id in Changed(commit.GetStreams()))
        {
            cache.Forget(id);
            names.Forget(id);
        }

        return Task.CompletedTask;
    }

    // An event that is not known to be harmless counts, so that one invented later does too.
    private static IEnumerable<Guid> Changed(IEnumerable<StreamAction> streams) => streams
        .Where(stream => stream.Events.Any(e => e.Data.GetType().Namespace == typeof(SignedIn).Namespace && e.Data is not (SignedIn or SignInFailed or UserRegistered { Role: Roles.User })))
        .Select(stream => stream.Id).Distinct();
}

/// <summary>Listens to what all nodes change, on a connection of its own, and makes sure several times a second that it still can.</summary>
public sealed class HearSessionNews(IDocumentStore store, SessionCache cache, RememberedNames names, TimeProvider clock, ILogger<HearSessionNews> log) : BackgroundService
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(300), LongestBeat = TimeSpan.FromSeconds(1);

    /// <summary>The server process at the other end; null while there is none.</summary>
    public int? ServerProcess { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var failures = 0; !stoppingToken.IsCancellationRequested;)
        {
            try
            {
                await ListenAsync(() => failures = 0, stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                if (failures++ == 0)
                    log.LogWarning("Other nodes are not heard ({Reason}); every request looks its session up until they are", e.GetType().Name);
            }
            finally
            {
                ServerProcess = null;
                cache.Deaf();
            }

            await Task.Delay(Beat, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ListenAsync(Action succeeded, CancellationToken ct)
    {
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        connection.Notification += (_, news) =>
        {
            if (!Guid.TryParse(news.Payload, out var id))
            {
                cache.ForgetAll();
                return;
            }

            cache.Forget(id);
            names.Forget(id);
        };

        await ExecuteAsync(connection, $"listen {TellSessionNews.Channel}", ct);
        ServerProcess = connection.ProcessID;
        cache.ForgetAll();

        while (true)
        {
            // The server hands over what was committed before it answers this.
            var asked = clock.GetTimestamp();
            await ExecuteAsync(connection, "select 1", ct);
            cache.Heard(asked);
            succeeded();

            for (var heard = true; heard && clock.GetElapsedTime(asked) < Beat;)
                heard = await connection.WaitAsync(Beat, ct);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(LongestBeat);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(limit.Token);
    }
}
