using System.CommandLine;
using System.CommandLine.Parsing;
using TicMate.Admin.Audit;

namespace TicMate.Host;

/// <summary>Checks the audit's chain, or signs where it stands.</summary>
public sealed class AuditCommand : IOwnCommand
{
    private readonly Option<long> from = new("--from") { Description = "The first link to check. What is before it is taken as it stands.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<string?> against = new("--against") { Description = "A file with checkpoints kept elsewhere: log lines, or what audit checkpoint printed.", HelpName = "FILE" };
    private readonly Command verify, checkpoint;

    public AuditCommand()
    {
        verify = new Command("verify", "Compare the event log with its chain of hashes. Ends with 0 when all is well, 1 when something was changed or is gone, 2 when the chain is behind.") { from, against };
        checkpoint = new Command("checkpoint", "Sign where the chain stands and print it. Keep the line somewhere else.");
        Syntax = new Command("audit", "Check the audit's chain of hashes.") { verify, checkpoint };
        from.Validators.Add(given => Refuse(given, given.GetValueOrDefault<long>() < 1, "--from must be 1 or more."));
        against.Validators.Add(given => Refuse(given, given.GetValueOrDefault<string?>() is { } file && !File.Exists(file), "--against must name a file."));
    }

    public Command Syntax { get; }

    public async Task<int> RunAsync(WebApplication app, ParseResult given, CancellationToken ct)
    {
        try
        {
            return given.CommandResult.Command == checkpoint ? await SignAsync(app, ct) : await VerifyAsync(app, given, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return 130;
        }
    }

    private static async Task<int> SignAsync(WebApplication app, CancellationToken ct)
    {
        if (await app.Services.GetRequiredService<AuditCheckpoints>().WriteAsync(TimeSpan.Zero, ct) is not { } signed)
        {
            await Console.Error.WriteLineAsync("Nothing was signed: there is no event yet, or the chain is not the one that was signed before.");
            return 1;
        }

        Console.WriteLine($"position {signed.Position} hash {Convert.ToHexStringLower(signed.Hash)} at {signed.At.UtcDateTime:O} key {signed.KeyId} signature {Convert.ToHexStringLower(signed.Signature)}");
        return 0;
    }

    private async Task<int> VerifyAsync(WebApplication app, ParseResult given, CancellationToken ct)
    {
        NotedHead[] noted = given.GetValue(against) is { } file ? [.. NotedHead.In(File.ReadLines(file))] : [];
        if (given.GetValue(against) is { } named && noted.Length == 0)
        {
            await Console.Error.WriteLineAsync($"{named} tells of no checkpoint: a line with \"position N hash H\" is expected.");
            return 64; // EX_USAGE of sysexits.h
        }

        var told = 0L;
        var verdict = await app.Services.GetRequiredService<AuditVerifier>().VerifyAsync(given.GetValue(from), long.MaxValue / 2, noted, Progress, ct);
        Console.WriteLine($"{verdict.Result}{(verdict.Reason is { } reason ? $": {reason}" : "")}");
        foreach (var fault in verdict.Faults.Skip(1))
            Console.WriteLine($"{fault.Kind}: {fault.Reason}");
        if (verdict.FaultCount > verdict.Faults.Count)
            Console.WriteLine($"... and {verdict.FaultCount - verdict.Faults.Count} more");

        var (counts, checkpoints) = (verdict.Counts, verdict.Checkpoints);
        Console.WriteLine($"{counts.Checked} links checked, {counts.Redacted} redacted, {counts.Late} late, {counts.Waiting} not chained yet");
        Console.WriteLine($"{checkpoints.Count} checkpoints, {checkpoints.UnknownKey} of unknown keys, {noted.Length} noted elsewhere; the newest of ours is at position {checkpoints.Newest?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-"}");
        Console.WriteLine($"The chain ends at position {verdict.Head.Position} hash {verdict.Head.Hash}");
        return verdict.ExitCode;

        void Progress(long done)
        {
            if (done - told >= 100_000)
                Console.Error.WriteLine($"{told = done} links checked");
        }
    }

    private static void Refuse(SymbolResult given, bool wrong, string message)
    {
        if (wrong)
            given.AddError(message);
    }
}
