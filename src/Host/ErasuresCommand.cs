using System.CommandLine;
using Npgsql;

namespace TicMate.Host;

/// <summary>Writes the ledger of erasures from the database: for a service that ran without one, or to have a copy elsewhere.</summary>
public sealed class ErasuresCommand : IOwnCommand
{
    // As the events are stored.
    private const string UserErased = "user_erased", TicketErased = "ticket_erased";

    private readonly Argument<string> file = new("file") { Description = "The ledger; what it does not have yet is added." };

    public ErasuresCommand()
    {
        var export = new Command("export", "Add every erasure that the database knows of to a ledger, which restore --ledger reads.") { file };
        Syntax = new Command("erasures", "What was erased, by id.") { export };
    }

    public Command Syntax { get; }

    public async Task<int?> BeforeHostAsync(IConfiguration configuration, ParseResult given, CancellationToken ct)
    {
        var target = Path.GetFullPath(given.GetRequiredValue(file));
        Console.WriteLine($"{target}: {await ExportAsync(configuration.GetConnectionString("Database")!, target, ct)} erasures added.");
        return 0;
    }

    /// <summary>How many were added.</summary>
    public static async Task<int> ExportAsync(string connectionString, string file, CancellationToken ct)
    {
        var known = File.Exists(file) ? ErasureLedger.Read([file]).Select(e => (e.Kind, e.Id)).ToHashSet() : [];
        await using var database = await Restoring.OpenAsync(connectionString, ct);
        await using var query = new NpgsqlCommand("select type, stream_id, timestamp from ticmate.mt_events where type in ($1, $2) order by seq_id", database)
        {
            Parameters = { new() { Value = UserErased }, new() { Value = TicketErased } },
        };
        await using var rows = await query.ExecuteReaderAsync(ct);
        var added = 0;
        while (await rows.ReadAsync(ct))
        {
            var erasure = new Erasure(rows.GetString(0) == UserErased ? Erasure.User : Erasure.Ticket, rows.GetGuid(1), rows.GetFieldValue<DateTimeOffset>(2));
            if (!known.Add((erasure.Kind, erasure.Id)))
                continue;

            await ErasureLedger.AppendAsync(file, erasure, ct);
            added++;
        }

        return added;
    }
}
