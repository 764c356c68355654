using System.CommandLine;
using Spectre.Console;
using TicMate.Admin.Operations.Rebuilding;

namespace TicMate.Host;

/// <summary>Shows a rebuild of read models to the person at the keyboard.</summary>
public sealed class RebuildCommand : IOwnCommand
{
    private const string Group = "projections", Name = "rebuild";

    private readonly Argument<string?> name = new("name") { Description = "One read model, such as AdviceQuality or Ticket.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool> all = new("--all") { Description = "All of them, one after the other." };
    private readonly Option<bool> accept = new("--accept-differences") { Description = "Let what the events say take the place of what is there, where the two differ." };

    public RebuildCommand()
    {
        var rebuild = new Command(Name, "Work read models out from the events a second time and compare. The old ones are read meanwhile.") { name, all, accept };
        rebuild.Validators.Add(given =>
        {
            if (given.GetValue(all) == given.GetValue(name) is not null)
                given.AddError("Name one read model, or say --all.");
        });
        Syntax = new Command(Group, "Read models.") { rebuild };
    }

    public Command Syntax { get; }

    /// <summary>The framework has a command of the same name; it gets the other words.</summary>
    public bool IsMeantBy(string[] args) => args is [Group, Name, ..];

    public async Task<int> RunAsync(WebApplication app, ParseResult given, CancellationToken ct)
    {
        var rebuilds = app.Services.GetRequiredService<Rebuilds>();
        var wanted = given.GetValue(name);
        var models = wanted is null ? rebuilds.Models : rebuilds.Find(wanted) is { } one ? [one] : [];
        if (models.Count == 0)
        {
            await Console.Error.WriteLineAsync($"There is no read model of that name. There are: {string.Join(", ", rebuilds.Models.Select(model => model.Name))}.");
            return AskedCommand.Misused;
        }

        // A log has no width.
        if (Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = 200;

        List<Rebuild> ended = [];
        foreach (var model in models)
        {
            if (ct.IsCancellationRequested)
                break;
            if (await rebuilds.TryBeginAsync(model, given.GetValue(accept), "command:projections", ct) is not { } run)
            {
                await Console.Error.WriteLineAsync("Another rebuild is going on. Wait for its end.");
                return 1;
            }

            await AnsiConsole.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn()).StartAsync(async bars =>
            {
                var bar = bars.AddTask(model.Name);
                ended.Add(await run.RunAsync(rebuild => (bar.MaxValue, bar.Value) = (Math.Max(1, rebuild.Total), rebuild.Done), ct));
                (bar.MaxValue, bar.Value) = (1, 1);
                bar.StopTask();
            });
        }

        Report(ended);
        return ended.Count == models.Count && ended.All(rebuild => rebuild.State is Rebuild.Unchanged or Rebuild.Switched) ? 0 : 1;
    }

    private static void Report(IEnumerable<Rebuild> ended)
    {
        var table = new Table().AddColumns("", "State", "Rows", "Rebuilt", "Missing", "Extra", "Changed");
        foreach (var rebuild in ended)
        {
            table.AddRow(rebuild.Id, Meaning(rebuild.State), "", "", "", "", "");
            foreach (var parity in rebuild.Parity)
                table.AddRow([.. new object[] { $"  {parity.Table}", "", parity.Rows, parity.Rebuilt, parity.Missing, parity.Extra, parity.Changed }.Select(cell => Markup.Escape($"{cell}"))]);
        }

        AnsiConsole.Write(table);
    }

    private static string Meaning(string state) => state switch
    {
        Rebuild.Unchanged => "was right",
        Rebuild.Switched => "is right now",
        Rebuild.Differs => "differs; left as it was (--accept-differences)",
        _ => "failed; left as it was",
    };
}
