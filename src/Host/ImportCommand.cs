using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using TicMate.Tickets.Import;
using Wolverine;

namespace TicMate.Host;

/// <summary>Shows an import to the person at the keyboard.</summary>
public sealed class ImportCommand : IOwnCommand
{
    private const int Interrupted = 130;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Argument<string> file = new("file") { Description = "A CSV file with a header: text, or title and description; id, category and priority if there are any." };
    private readonly Option<int?> limit = new("--limit") { Description = "Read at most so many rows.", HelpName = "N" };
    private readonly Option<bool> solved = new("--solved") { Description = "Import completed tickets, from which the built-in advisor learns. Needs --skill-column." };
    private readonly Option<string?> skillColumn = new("--skill-column") { Description = "The column with the skill that solved the ticket.", HelpName = "NAME" };
    private readonly Option<bool> notify = new("--notify") { Description = "Mail people about the tickets they are given." };

    public ImportCommand()
    {
        Syntax = new Command("import", "Make tickets of the rows of a CSV file. What an earlier run imported is left alone.") { file, limit, solved, skillColumn, notify };
        limit.Validators.Add(given => Refuse(given, given.GetValueOrDefault<int?>() < 1, "--limit must be 1 or more."));
        Syntax.Validators.Add(given => Refuse(given, given.GetValue(solved) && string.IsNullOrWhiteSpace(given.GetValue(skillColumn)), "--solved needs --skill-column NAME."));
    }

    public Command Syntax { get; }

    public async Task<int> RunAsync(WebApplication app, ParseResult given, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        var request = new ImportRequest(
            given.GetValue(file)!, given.GetValue(limit), given.GetValue(solved) ? given.GetValue(skillColumn)!.Trim() : null, given.GetValue(notify));
        try
        {
            await using var run = await app.Services.GetRequiredService<ImportTickets>().BeginAsync(request, ct);
            TriageProgress? triage = null;
            await ProgressBars().StartAsync(async bars =>
            {
                await ReadAsync(run, bars, ct);
                triage = await AwaitTriageAsync(app, run, bars, ct);
            });

            await ReportAsync(run, triage!, clock.Elapsed);
            return ct.IsCancellationRequested ? Interrupted : run.IsCutShort ? 1 : 0;
        }
        catch (UnusableFileException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return Interrupted;
        }
    }

    private static async Task ReadAsync(ImportRun run, ProgressContext bars, CancellationToken ct)
    {
        var bar = bars.AddTask("Reading", maxValue: 1);
        await run.ReadAsync(progress => (bar.Value, bar.IsIndeterminate) = (progress.Part ?? 0, progress.Part is null), ct);
        bar.StopTask();
    }

    /// <summary>Waits until the agent has read every new ticket: that of a running service, or our own.</summary>
    private static async Task<TriageProgress> AwaitTriageAsync(WebApplication app, ImportRun run, ProgressContext bars, CancellationToken ct)
    {
        var isOurs = app.Services.GetRequiredService<WolverineOptions>().Durability.Mode is not DurabilityMode.MediatorOnly;
        var connectionString = app.Configuration.GetConnectionString("Database")!;
        var triage = await run.TriagedAsync(CancellationToken.None);
        if (triage.Open == 0)
            return triage;

        var bar = bars.AddTask("Triage", maxValue: triage.Open);
        var (sinceProgress, pause) = (Stopwatch.StartNew(), TimeSpan.FromMilliseconds(500));
        while (triage.Triaged < triage.Open && sinceProgress.Elapsed < Patience && !ct.IsCancellationRequested)
        {
            await Task.Delay(pause, ct).ContinueWith(_ => { }, TaskScheduler.Default);
            if (!isOurs && !await Commands.IsServiceRunningAsync(connectionString, CancellationToken.None))
                break;

            var query = Stopwatch.StartNew();
            var now = await run.TriagedAsync(CancellationToken.None);
            if (now.Triaged > triage.Triaged)
                sinceProgress.Restart();

            // Counting is work for the database too: it gets a tenth of the time at most.
            pause = TimeSpan.FromMilliseconds(Math.Clamp(query.ElapsedMilliseconds * 10, 500, 30_000));
            (triage, bar.MaxValue, bar.Value) = (now, now.Open, now.Triaged);
        }

        bar.StopTask();
        return triage;
    }

    private static async Task ReportAsync(ImportRun run, TriageProgress triage, TimeSpan time)
    {
        var progress = run.Progress;
        var table = new Table().AddColumn("").AddColumn(new TableColumn("").RightAligned()).HideHeaders();
        Row("Read", progress.Read);
        Row("Created", progress.Created);
        if (progress.AlreadyHere > 0)
            Row("Already here", progress.AlreadyHere);
        Row("Rejected", progress.Rejected);
        Row("Triaged", triage.Triaged);
        if (triage.Open > triage.Triaged)
            Row("Waiting for triage", triage.Open - triage.Triaged);
        foreach (var (name, tickets) in await run.AssignedAsync(CancellationToken.None))
            Row($"  to {name}", tickets);
        Row("Unassigned", triage.Triaged - triage.Assigned);
        table.AddRow("Seconds", time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture));
        AnsiConsole.Write(table);

        if (run.Faults.Count > 0)
        {
            var faults = new Table().AddColumn(new TableColumn("Line").RightAligned()).AddColumn("Rejected because");
            foreach (var fault in run.Faults)
                faults.AddRow(fault.Line.ToString(CultureInfo.InvariantCulture), Markup.Escape(fault.Fault!));
            if (progress.Rejected > run.Faults.Count)
                faults.AddRow("", $"and {progress.Rejected - run.Faults.Count} more");
            AnsiConsole.Write(faults);
        }

        if (triage.Open > triage.Triaged)
            AnsiConsole.WriteLine("The tickets that wait are triaged when the service runs again.");

        void Row(string name, long count) => table.AddRow(Markup.Escape(name), count.ToString(CultureInfo.InvariantCulture));
    }

    private static Progress ProgressBars() => AnsiConsole.Progress()
        .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn());

    private static void Refuse(SymbolResult given, bool wrong, string message)
    {
        if (wrong)
            given.AddError(message);
    }
}
