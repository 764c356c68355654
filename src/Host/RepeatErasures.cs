using System.Diagnostics;
using Marten;
using TicMate.Identity.Accounts;
using TicMate.Identity.Contracts;
using TicMate.Tickets;
using TicMate.Tickets.Erasure;
using Wolverine;
using Wolverine.Runtime;
using Wolverine.Util;

namespace TicMate.Host;

/// <summary>After a restore: erases again, as the first time, what the ledger tells of and the copy still holds.</summary>
public static class RepeatErasures
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5), Pause = TimeSpan.FromMilliseconds(200);

    // What an erasure sends on; its later rounds look for what requests under way still wrote, and there are none.
    private static readonly string[] FollowUps =
        [.. new[] { typeof(EraseWriting), typeof(EraseTicketWriting), typeof(EraseNotes), typeof(EraseNote), typeof(EraseTraces), typeof(ForgetAnswers), typeof(RecordErasure) }.Select(type => type.ToMessageTypeName())];

    /// <summary>How many were done again. Returns when nothing of them is left to do.</summary>
    public static async Task<int> RunAsync(IServiceProvider services, IReadOnlyCollection<Erasure> ledger, CancellationToken ct)
    {
        var (store, bus) = (services.GetRequiredService<IDocumentStore>(), new MessageBus(services.GetRequiredService<IWolverineRuntime>()));
        var again = 0;
        foreach (var erasure in ledger)
            if (await IsThereAsync(store, erasure, ct))
            {
                await bus.InvokeAsync(erasure.Kind is Erasure.User ? new EraseAgain(erasure.Id) : new EraseTicketWriting(erasure.Id, null, Again: true), ct);
                again++;
            }

        await FollowUpsAsync(store, ct);
        return again;
    }

    private static async Task<bool> IsThereAsync(IDocumentStore store, Erasure erasure, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        return erasure.Kind is Erasure.User
            ? await session.LoadAsync<User>(erasure.Id, ct) is { IsErased: false }
            : await session.LoadAsync<Ticket>(erasure.Id, ct) is { IsErased: false };
    }

    private static async Task FollowUpsAsync(IDocumentStore store, CancellationToken ct)
    {
        var (before, sinceProgress) = (long.MaxValue, Stopwatch.StartNew());
        while (await WaitingAsync() is var waiting and > 0)
        {
            if (waiting < before)
                (before, sinceProgress) = (waiting, Stopwatch.StartNew());
            if (sinceProgress.Elapsed > Patience)
                throw new CommandException(CommandException.Unavailable, $"{waiting} erasures did not come to their end. No service starts on this database; run restore again with --force.");
            await Task.Delay(Pause, ct);
        }

        async Task<long> WaitingAsync()
        {
            await using var session = store.QuerySession();
            return (await session.QueryAsync<long>("select count(*) from wolverine.wolverine_incoming_envelopes where status = 'Incoming' and message_type = any(?)", ct, [FollowUps])).Single();
        }
    }
}
