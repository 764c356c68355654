using System.Globalization;
using System.Text.RegularExpressions;
using Marten;
using TicMate.Bench.Fill;
using TicMate.Identity.Contracts;

namespace TicMate.Bench.Measure;

/// <summary>How fast the command import makes tickets of a file while a service does the triage, and what that does to the service's memory.</summary>
public static class Importing
{
    private const int People = 12, Capacity = 100_000, Solved = 1_000;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(Testbed testbed, CancellationToken ct)
    {
        var database = await testbed.Server.CreateDatabaseAsync("importing");
        await using (var service = new Service(database, isAtWork: false))
            await EmployAsync(service, ct);

        // First what was solved, then the service: it learns when it starts.
        await ImportAsync(testbed, database, await SolvedAsync(testbed.Order), "--solved", "--skill-column", "skill");
        await using var running = await testbed.StartAsync(database);
        await using var meter = testbed.Meter(database, running);
        await meter.RestAsync(TimeSpan.FromMinutes(1));
        var before = meter.Resident();
        var (triaged, seconds) = await ImportAsync(testbed, database, testbed.Order.Texts ?? await OpenAsync(testbed));
        var after = meter.Resident();

        return
        [
            Figure.AtLeast($"import: rows of {triaged} triaged", triaged / seconds, 300, "a second"),
            Figure.AtMost("import: memory of the service, of that before", (double)after / before, 1.2, "×", Figure.Text($", {before >> 20} and then {after >> 20} MiB")),
        ];
    }

    private static async Task EmployAsync(Service service, CancellationToken ct)
    {
        await service.MigrateAsync();
        await using var session = service.Store.LightweightSession();
        foreach (var person in await new Crowd().GrowAsync(service, People, Capacity, DateTimeOffset.UtcNow, new Chance(1), ct))
            session.Events.StartStream<User>(person.Id, person.Events.Select(e => e.Data));
        await session.SaveChangesAsync(ct);
    }

    // Of the words of others, so that what is asked is like what was solved, and never the same.
    private static Task<string> SolvedAsync(Order order)
    {
        var (texts, chance) = (Texts.Read(order.Texts), new Chance(order.Seed));
        return WriteAsync(order, "solved.csv", "id,text,skill", Enumerable.Range(0, Solved).Select(n => texts[n % texts.Count]).Select((text, n) =>
            $"solved-{n},{string.Join(' ', text.Text.Split(' ').OrderBy(_ => chance.Part())).Replace('"', ' ').Replace(',', ' ')},{text.Skill}"));
    }

    private static Task<string> OpenAsync(Testbed testbed) => WriteAsync(
        testbed.Order, "open.csv", "id,title,description", testbed.World.Texts.Select((text, n) => $"open-{n},{Quoted(text.Title)},{Quoted(text.Description)}"));

    private static string Quoted(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static async Task<string> WriteAsync(Order order, string name, string header, IEnumerable<string> rows)
    {
        var file = Path.Combine(order.Output, name);
        await File.WriteAllLinesAsync(file, rows.Prepend(header));
        return file;
    }

    private static async Task<(int Triaged, double Seconds)> ImportAsync(Testbed testbed, string database, string file, params string[] options)
    {
        var report = await ServiceProcess.CommandAsync(testbed.Order.App, database, testbed.MailPort, ["import", file, .. options]);
        return report.Contains("Waiting for triage", StringComparison.Ordinal) ? throw new BenchException($"Not all of {file} were triaged:\n{report}")
            : ((int)Number("Triaged"), Number("Seconds"));

        double Number(string row) => Regex.Match(report, $@"{row}\D+([0-9.]+)") is { Success: true } found
            ? double.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture) : throw new BenchException($"The import of {file} does not say {row}:\n{report}");
    }
}
