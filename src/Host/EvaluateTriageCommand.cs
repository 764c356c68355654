using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using TicMate.Tickets.Import;
using TicMate.Tickets.Triage;

namespace TicMate.Host;

/// <summary>Says how good the built-in advisor is on tickets whose skills are known. It needs no database.</summary>
public sealed class EvaluateTriageCommand : IOwnCommand
{
    // EX_DATAERR of sysexits.h.
    private const int BadFile = 65;
    private const int Least = 2 * TextClassifier.LeastTickets;

    private readonly Argument<string> file =
        new("file") { Description = "A CSV file with a header: text, or title and description, and the skill." };
    private readonly Option<double> split =
        new("--split") { Description = "Learn from this part of the tickets, ask about the rest.", HelpName = "PART", DefaultValueFactory = _ => 0.7 };
    private readonly Option<int> seed =
        new("--seed") { Description = "By which lot the tickets are drawn.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<int?> folds =
        new("--folds") { Description = "Also ask about every ticket once, in so many parts.", HelpName = "N" };
    private readonly Option<string> skillColumn =
        new("--skill-column") { Description = "The column with the skill.", HelpName = "NAME", DefaultValueFactory = _ => "skill" };
    private readonly Option<string?> json = new("--json") { Description = "Also write the figures here.", HelpName = "FILE" };

    public EvaluateTriageCommand()
    {
        Syntax = new Command("evaluate-triage", "Measure the built-in advisor on tickets whose skills are known.") { file, split, seed, folds, skillColumn, json };
        split.Validators.Add(given => Refuse(given, given.GetValueOrDefault<double>() is not (>= 0.1 and <= 0.9), "--split must be from 0.1 to 0.9."));
        folds.Validators.Add(given => Refuse(given, given.GetValueOrDefault<int?>() is < 2 or > 20, "--folds must be from 2 to 20."));
        Syntax.SetAction(RunAsync);
    }

    public Command Syntax { get; }

    private async Task<int> RunAsync(ParseResult given, CancellationToken ct)
    {
        try
        {
            var (tickets, rejected) = Read(given.GetValue(file)!, given.GetValue(skillColumn)!.Trim());
            var part = TriageTrial.Split(tickets, given.GetValue(split), given.GetValue(seed));
            var parts = given.GetValue(folds) is { } count ? TriageTrial.Folds(tickets, count, given.GetValue(seed)) : [];
            var report = new Report(given.GetValue(file)!, given.GetValue(seed), given.GetValue(split), tickets.Count, rejected, part, parts);
            if (given.GetValue(json) is { } path)
                await File.WriteAllTextAsync(path, JsonSerializer.Serialize(report, Indented), ct);
            Show(report);
            return 0;
        }
        catch (Exception e) when (e is UnusableFileException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return BadFile;
        }
    }

    private static (IReadOnlyList<TrialTicket>, int Rejected) Read(string path, string skillColumn)
    {
        using var rows = ImportFile.Open(path, skillColumn);
        var all = rows.Rows().ToArray();
        var tickets = all.Where(r => r.Fault is null).Select((r, i) => new TrialTicket(i + 1, r.Title, r.Description, r.Skill!)).ToArray();
        return tickets.Length >= Least ? (tickets, all.Length - tickets.Length)
            : throw new UnusableFileException($"{path} holds {tickets.Length} usable tickets of {all.Length}; at least {Least} are needed to measure anything."
                + (all.FirstOrDefault(r => r.Fault is not null) is { } bad ? $" Line {bad.Line}: {bad.Fault}" : ""));
    }

    private static void Show(Report report)
    {
        var (part, parts) = (report.Part, report.Parts);
        AnsiConsole.WriteLine($"{report.Tickets} tickets, {report.Rejected} unusable rows, {part.Labels} skills, seed {report.Seed}.");

        var table = new Table().AddColumn("").AddColumn(Right($"learned from {Number(report.Split * 100)} %"));
        if (parts.Count > 0)
            table.AddColumn(Right($"mean of {parts.Count} folds")).AddColumn(Right("spread"));
        Row("Learned from", r => r.Learned, "0");
        Row("Asked about", r => r.Asked, "0");
        Row("of these with a text that was learned from", r => r.SeenBefore, "0.#");
        Row("without an answer", r => r.Unanswered, "0.#");
        Row("Accuracy", r => r.Accuracy, "0.000");
        Row("Macro-F1", r => r.MacroF1, "0.000");
        for (var tenth = 0; tenth < part.ByCoverage.Length; tenth++)
        {
            var place = tenth;
            Row($"Accuracy on the surest {(tenth + 1) * 10} %", r => r.ByCoverage[place], "0.000");
        }

        Row("ms per ticket", r => r.MillisecondsPerTicket, "0.00");
        Row("Seconds of training", r => r.TrainingSeconds, "0.0");
        AnsiConsole.Write(table);

        var calibration = new Table().AddColumn("Sure").AddColumn(Right("Tickets")).AddColumn(Right("Mean confidence")).AddColumn(Right("Accuracy"));
        foreach (var bucket in TriageTrial.Together(parts.Count > 0 ? parts : [part]))
            calibration.AddRow(
                $"{Number(bucket.From)}-{Number(bucket.To)}", Number(bucket.Tickets), Number(bucket.Confidence, "0.000"), Number(bucket.Accuracy, "0.000"));
        AnsiConsole.Write(calibration);

        void Row(string name, Func<TrialResult, double> value, string format)
        {
            var cells = new List<string> { name, Number(value(part), format) };
            if (parts.Count > 0)
            {
                var (mean, spread) = TriageTrial.Over([.. parts.Select(value)]);
                cells.AddRange([Number(mean, format), Number(spread, format)]);
            }

            table.AddRow([.. cells]);
        }
    }

    private static TableColumn Right(string name) => new TableColumn(name).RightAligned();

    private static string Number(double value, string format = "0.##") => value.ToString(format, CultureInfo.InvariantCulture);

    private static void Refuse(SymbolResult given, bool wrong, string message)
    {
        if (wrong)
            given.AddError(message);
    }

    private static readonly JsonSerializerOptions Indented = new(JsonSerializerOptions.Web) { WriteIndented = true };

    private sealed record Report(string File, int Seed, double Split, int Tickets, int Rejected, TrialResult Part, IReadOnlyList<TrialResult> Parts);
}
