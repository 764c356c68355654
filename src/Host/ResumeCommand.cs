using System.CommandLine;
using Npgsql;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Triage;
using Wolverine.Util;

namespace TicMate.Host;

/// <summary>Lets a restored copy send mails and ask the model again. A running service goes on by itself.</summary>
public sealed class ResumeCommand : IOwnCommand
{
    private static readonly Type[] Questions = [typeof(TriageTicket)];

    private readonly Option<bool> discard = new("--discard-waiting")
    {
        Description = "Drop the mails that wait, since the original has sent them. Tickets that wait for advice get it all the same.",
    };

    public ResumeCommand() => Syntax = new Command("resume", "End the hold of a restored copy: what waits is sent now, and new mails at once.") { discard };

    public Command Syntax { get; }

    public async Task<int?> BeforeHostAsync(IConfiguration configuration, ParseResult given, CancellationToken ct)
    {
        Console.WriteLine(await ResumeAsync(configuration.GetConnectionString("Database")!, given.GetValue(discard), ct) is not var (dropped, released) ? "Nothing was held."
            : FormattableString.Invariant($"The hold is over. Waiting messages: {released} released, {dropped} mails dropped."));
        return 0;
    }

    /// <summary>How many mails were dropped and how many messages are due now; null when nothing was held.</summary>
    public static async Task<(int Dropped, int Released)?> ResumeAsync(string connectionString, bool discard, CancellationToken ct)
    {
        await using var database = await Restoring.OpenAsync(connectionString, ct);
        await using var transaction = await database.BeginTransactionAsync(ct);
        if (await ChangeAsync($"delete from ticmate.{Held.TableName}") == 0)
            return null;

        // Some may be under way for the first time since the start; those are no longer refused.
        var dropped = discard ? await ChangeAsync("delete from wolverine.wolverine_incoming_envelopes where status <> 'Handled' and message_type = any($1)", ISendsMail.All) : 0;
        var released = await ChangeAsync(
            "update wolverine.wolverine_incoming_envelopes set execution_time = now(), attempts = 0 where status = 'Scheduled' and message_type = any($1)", [.. ISendsMail.All, .. Questions]);
        await transaction.CommitAsync(ct);
        return (dropped, released);

        async Task<int> ChangeAsync(string sql, params Type[] messages)
        {
            await using var command = new NpgsqlCommand(sql, database, transaction);
            if (messages.Length > 0)
                command.Parameters.AddWithValue(messages.Select(type => type.ToMessageTypeName()).ToArray());
            return await command.ExecuteNonQueryAsync(ct);
        }
    }
}
