using System.Text.Json.Nodes;
using TicMate.Host;
using TicMate.Tickets.Triage;

namespace TicMate.Tests.Host;

public sealed class EvaluateTriageTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ticmate-evaluate-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Tickets(int rows)
    {
        var path = Path.Combine(folder, "tickets.csv");
        var random = new Random(1);
        string[][] words = [["toner", "paper", "jam", "tray", "duplex"], ["vpn", "router", "packet", "wifi", "cable"]];
        File.WriteAllLines(path, ["text,skill", .. Enumerable.Range(0, rows)
            .Select(i => $"\"ticket {i} {string.Join(' ', random.GetItems(words[i % 2], 4))}\",{(i % 2 == 0 ? "Printing" : "Net")}")]);
        return path;
    }

    private static Task<int> Run(params string[] args) => Commands.Parse(["evaluate-triage", .. args])!.RunAloneAsync();

    [Fact]
    public async Task The_advisor_is_measured_on_tickets_that_it_did_not_learn_from()
    {
        var json = Path.Combine(folder, "out.json");

        (await Run(Tickets(200), "--split", "0.5", "--seed", "3", "--folds", "4", "--json", json)).ShouldBe(0);

        var report = JsonNode.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken))!;
        var part = report["part"]!;
        ((int)part["learned"]!, (int)part["asked"]!, (int)part["labels"]!, (int)part["seenBefore"]!).ShouldBe((100, 100, 2, 0));
        ((double)part["accuracy"]!).ShouldBeGreaterThan(0.95);
        ((double)part["macroF1"]!).ShouldBeGreaterThan(0.95);
        part["byCoverage"]!.AsArray().Count.ShouldBe(10);
        part["calibration"]!.AsArray().Sum(b => (int)b!["tickets"]!).ShouldBe(100 - (int)part["unanswered"]!);
        report["parts"]!.AsArray().Sum(p => (int)p!["asked"]!).ShouldBe(200);
    }

    [Fact]
    public void The_same_lot_gives_the_same_figures_and_wrong_labels_bad_ones()
    {
        var random = new Random(5);
        TrialTicket[] noise = [.. Enumerable.Range(0, 200).Select(i => new TrialTicket(i, $"t{i}", $"one two three {i % 7}", $"skill {random.Next(4)}"))];

        var (one, two) = (TriageTrial.Split(noise, 0.7, 2), TriageTrial.Split(noise, 0.7, 2));

        (one.Accuracy, one.Model).ShouldBe((two.Accuracy, two.Model));
        one.Accuracy.ShouldBeLessThan(0.5);
        TriageTrial.Split(noise, 0.7, 3).Model.ShouldNotBe(one.Model);
    }

    [Fact]
    public void Spread_is_that_of_a_sample()
    {
        TriageTrial.Over([1, 2, 3]).ShouldBe((2, 1));
        TriageTrial.Over([1]).ShouldBe((1, 0));
    }

    [Fact]
    public async Task What_cannot_be_measured_is_refused()
    {
        (await Run(Path.Combine(folder, "missing.csv"))).ShouldBe(65);
        (await Run(Tickets(39))).ShouldBe(65);
        (await Run(Tickets(200), "--skill-column", "team")).ShouldBe(65);
        (await Run(Tickets(200), "--json", folder)).ShouldBe(65);
        (await Run(Tickets(200), "--split", "1")).ShouldBe(64);
        (await Run(Tickets(200), "--folds", "1")).ShouldBe(64);
        (await Run()).ShouldBe(64);
    }
}
