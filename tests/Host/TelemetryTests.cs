using System.Diagnostics;
using System.Text.Json.Nodes;
using Marten;
using Marten.Events;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using TicMate.Admin.Operations;
using TicMate.Tests.Fakes;
using TicMate.Tests.Identity;
using Wolverine.Tracking;

namespace TicMate.Tests.Host;

[Collection<OneWatchedApp>]
public sealed class TelemetryTests(WatchedApp app) : AccountTest(app)
{
    [Fact]
    public async Task One_trace_leads_from_the_post_to_the_mail()
    {
        var (skill, author, trace) = (ASkill(), await Someone(), ActivityTraceId.CreateRandom());
        await AModerator(skill);
        app.Model.Behaviour = FakeModel.Advises("high", [skill]);

        await Host.ExecuteAndWaitAsync(async () => await Call(author, "POST", "/api/tickets", new { title = "The printer is on fire", description = "It burns." },
            x => x.WithRequestHeader("traceparent", $"00-{trace}-00f067aa0ba902b7-00")), 30_000);

        var spans = app.Spans.Where(span => span.TraceId == trace).ToArray();
        var names = string.Join(", ", spans.Select(span => $"{span.DisplayName} <{span.Source.Name}>"));
        foreach (var (source, name) in new[]
        {
            ("Microsoft.AspNetCore", "POST /api/tickets"), ("Wolverine", "TicMate.Tickets.Triage.TriageTicket"), ("System.Net.Http", "POST"),
            ("Wolverine", "TicMate.Tickets.Triage.RecordTriage"), ("Wolverine", "TicMate.Tickets.Assignment.TellAssignee"), ("TicMate.Identity", "mail send"), ("Npgsql", "select"),
        })
            spans.ShouldContain(span => span.Source.Name == source && span.DisplayName == name, $"{source} {name} in {names}");

        // The model's provider is told nothing of it, though it looks for it.
        spans.Count(span => span.Kind == ActivityKind.Server).ShouldBe(1, names);

        // What the service asks the database by itself begins no trace.
        app.Spans.Where(span => span.ParentSpanId == default && span.Kind == ActivityKind.Client).Select(Text).ShouldBeEmpty();

        // Each hangs on another one, up to the caller's.
        var known = spans.Select(span => span.SpanId.ToString()).Append("00f067aa0ba902b7").ToHashSet();
        spans.Where(span => !known.Contains(span.ParentSpanId.ToString())).Select(span => span.DisplayName).ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_personal_and_no_secret_leaves_with_spans_metrics_and_logs()
    {
        const string canary = "canary";
        var (email, skill) = ($"{canary}-{Guid.NewGuid():N}@example.org", ASkill());
        var moderator = await AModerator(skill);

        // Whatever a caller may write: addresses, passwords, texts, paths, queries and headers.
        await Register(email, "Wrong-canary-77!");
        await LogIn(email, "Wrong-canary-78!");
        var author = await Someone();
        app.Model.Behaviour = FakeModel.Answers(FakeModel.Advice("high", [skill], summary: "canary of the model", notes: "canary of the model"));
        var ticket = await ATicket(author, "canary in the title", $"canary in the text, mail {email}");
        await CallAndSettle(moderator, "POST", $"/api/tickets/{ticket["id"]}/replies", new { message = "canary in the reply" });
        await Call(author, "GET", "/api/tickets?q=canary&canary=1");
        await Call(author, "GET", $"/api/canary/{email}");
        await Call(author, "CANARY", "/api/tickets");
        await Call(author, "POST", "/api/tickets", "{\"canary\": canary", Headers);
        await Host.ExecuteAndWaitAsync(async () => (await Call(author, "POST", "/api/tickets", new { title = "canary", description = "canary" }, Headers)).Status.ShouldBe(201), 30_000);
        await Call(author, "GET", $"/api/tickets/{canary}", more: Headers);
        await Call(author with { Token = "canary.canary.canary" }, "GET", "/api/tickets");

        // And what servers answer: the model, the mail server, the database.
        app.Model.Behaviour = http => FakeModel.Refuses(401)(http);
        await ATicket(author, "canary again");
        app.Smtp.At(SmtpStage.Rcpt, SmtpReaction.Refuse(550, $"canary {email}"));
        app.Model.Behaviour = FakeModel.Advises("high", [skill]);
        await ATicket(author, "canary and a mail that is refused");
        app.Smtp.React = _ => SmtpReaction.Accept;
        var broken = await Break();

        var spans = app.Spans;
        var lines = app.Lines;
        spans.Where(span => Text(span).Contains(canary, StringComparison.OrdinalIgnoreCase)).Select(Text).ShouldBeEmpty();
        lines.Select(line => Text(line)).Where(text => text.Contains(canary, StringComparison.OrdinalIgnoreCase)).ShouldBeEmpty();
        app.Metrics().SelectMany(metric => Tags(metric).Select(tag => $"{metric.Name} {tag}")).Where(tag => tag.Contains(canary, StringComparison.OrdinalIgnoreCase)).ShouldBeEmpty();

        // What is left tells enough.
        Text(spans.Single(span => span.SpanId == broken)).ShouldSatisfyAllConditions(t => t.ShouldContain("Npgsql.PostgresException"), t => t.ShouldContain("22P02"));
        spans.ShouldContain(span => span.DisplayName == "mail send" && span.Status == ActivityStatusCode.Error && span.GetTagItem("error.type") as string == "refused");
        lines.ShouldContain(line => Text(line).Contains("System.InvalidOperationException", StringComparison.Ordinal));
        lines.ShouldContain(line => Text(line).Contains("was refused with status 550", StringComparison.Ordinal));

        static void Headers(Scenario x)
        {
            foreach (var (name, value) in new[] { ("tracestate", "canary=canary"), ("baggage", "canary=canary"), ("User-Agent", "canary"), ("X-Canary", "canary"), ("X-Correlation-Id", "canary"), ("correlation-id", "canary"), ("Host", "canary.example.org"), ("Referer", "https://canary") })
                x.WithRequestHeader(name, value);
        }
    }

    /// <summary>A statement that fails and quotes a value, within a trace, and a line of the log about it.</summary>
    private async Task<ActivitySpanId> Break()
    {
        using var source = new ActivitySource("TicMate.Tests");
        using var root = source.StartActivity("test").ShouldNotBeNull();
        var failure = await Should.ThrowAsync<Exception>(Store.QuerySession().QueryAsync<int>("select 'canary'::int", Ct));
        failure.ToString().ShouldContain("canary");
        Host.Services.GetRequiredService<ILogger<TelemetryTests>>().LogError(new InvalidOperationException("canary", failure), "Something broke");
        return app.Spans.First(span => span.ParentSpanId == root.SpanId && span.Status == ActivityStatusCode.Error).SpanId;
    }

    [Fact]
    public async Task Every_metric_and_label_of_the_dashboard_and_the_alerts_is_there()
    {
        await Provoke();
        var there = new Dictionary<string, HashSet<(string Label, string Value)>>();
        foreach (var metric in app.Metrics())
            foreach (var name in PromQl.Names(metric.Name, metric.Unit, metric.MetricType))
                (there.TryGetValue(name, out var tags) ? tags : there[name] = []).UnionWith(Tags(metric));

        var asked = Queries().SelectMany(query => PromQl.SeriesIn(query)).ToArray();
        asked.Length.ShouldBeGreaterThan(40);
        foreach (var series in asked)
        {
            var tags = there.GetValueOrDefault(series.Name).ShouldNotBeNull($"{series.Name} is not among {string.Join(" ", there.Keys.Order())}");
            foreach (var label in series.Labels)
                tags.ShouldContain(tag => tag.Label == label, $"{label} of {series.Name}");
            foreach (var exact in series.Exact)
                tags.ShouldContain(exact, series.Name);
        }
    }

    [Fact]
    public void Every_alert_is_explained_to_the_operator()
    {
        var guide = File.ReadAllText(Path.Combine(TicMate.Host.Database.Checkout, "docs", "operations.md"));
        var alerts = AlertRules().Split('\n').Where(line => line.TrimStart().StartsWith("- alert:", StringComparison.Ordinal)).Select(line => line.Split(':')[1].Trim()).ToArray();
        alerts.Length.ShouldBeGreaterThan(10);
        alerts.Where(alert => !guide.Contains($"`{alert}`", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public void Names_of_metrics_become_names_of_series_as_the_specification_says()
    {
        PromQl.Names("ticmate.tickets.opened", "{ticket}", MetricType.LongSum).ShouldBe(["ticmate_tickets_opened_total"]);
        PromQl.Names("ticmate.ai.budget.used", "1", MetricType.DoubleGauge).ShouldBe(["ticmate_ai_budget_used_ratio"]);
        PromQl.Names("http.server.request.duration", "s", MetricType.Histogram).ShouldContain("http_server_request_duration_seconds_count");
        PromQl.SeriesIn("sum by (le, a) (rate(x_total{b=\"c\",d=~\"e|f\"}[5m])) / max(y) > 0.5").Select(s => (s.Name, string.Join(' ', s.Labels), s.Exact.Count))
            .ShouldBe([("x_total", "b d a", 1), ("y", "a", 0)]);
    }

    [Fact]
    public void The_age_of_a_message_is_in_its_id()
    {
        var before = DateTimeOffset.UtcNow.AddSeconds(-1);
        var made = WatchBacklog.MadeAt(new Wolverine.Envelope().Id).ShouldNotBeNull();
        made.ShouldBeInRange(before, DateTimeOffset.UtcNow.AddSeconds(1));
        WatchBacklog.MadeAt(Guid.CreateVersion7()).ShouldBeNull();
    }

    // Everything that a counter counts, once.
    private async Task Provoke()
    {
        var (email, skill) = (AnAddress(), ASkill());
        var (author, moderator) = (await Someone(), await AModerator(skill));
        await Register(email);
        await LogIn(email);
        for (var i = 0; i < 6; i++)
            await LogIn(email, "Wrong-Horse-77!");

        app.Model.Behaviour = FakeModel.Advises("high", [skill]);
        var id = (string)(await ATicket(author))["id"]!;
        (await CallAndSettle(author, "POST", $"/api/tickets/{id}/replies", new { message = "More of it" })).Status.ShouldBeLessThan(300);
        foreach (var status in new[] { "completed", "todo" })
            (await CallAndSettle(moderator, "PATCH", $"/api/tickets/{id}", new { status })).Status.ShouldBeLessThan(300);

        app.Model.Behaviour = FakeModel.Answers("I think it is urgent!");
        await ATicket(author);
        await Store.WaitForNonStaleProjectionDataAsync(TimeSpan.FromSeconds(20));
        await Host.Services.GetRequiredService<WatchBacklog>().LookAsync(Ct);
        await Host.Services.GetRequiredService<IHealthCheckPublisher>().PublishAsync(await Host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Ct), Ct);
    }

    private static IEnumerable<string> Queries()
    {
        foreach (var node in Below(JsonNode.Parse(File.ReadAllText(InDocs("grafana-dashboard.json")))!))
            if (node.Parent is JsonObject holder && holder.FirstOrDefault(member => member.Value == node).Key is "expr" && node is JsonValue)
                yield return (string)node!;

        var lines = AlertRules().Split('\n');
        for (var i = 0; i < lines.Length; i++)
            if (lines[i].TrimStart() is var line && line.StartsWith("expr:", StringComparison.Ordinal))
                yield return line.EndsWith(">-", StringComparison.Ordinal) ? $"{lines[i + 1].Trim()} {lines[i + 2].Trim()}" : line["expr:".Length..].Trim();

        static IEnumerable<JsonNode> Below(JsonNode node) => node switch
        {
            JsonObject members => members.Where(member => member.Value is not null).SelectMany(member => Below(member.Value!)),
            JsonArray items => items.SelectMany(item => Below(item!)),
            _ => [node],
        };
    }

    private static string AlertRules() => File.ReadAllText(InDocs("alerts.yml"));

    private static string InDocs(string file) => Path.Combine(TicMate.Host.Database.Checkout, "docs", "operations", file);

    private static IEnumerable<(string Label, string Value)> Tags(MetricSnapshot metric)
    {
        foreach (var point in metric.MetricPoints)
            foreach (var tag in point.Tags)
                yield return (PromQl.Cleaned(tag.Key), $"{tag.Value}");
    }

    private static string Text(Activity span) =>
        $"{span.DisplayName} {string.Join(' ', span.TagObjects)} {span.StatusDescription} {span.TraceStateString} "
        + string.Join(' ', span.Events.Select(e => $"{e.Name} {string.Join(' ', e.Tags)}")) + string.Join(' ', span.Links.SelectMany(link => link.Tags ?? []));

    private static string Text(LogRecord line) => $"{line.Body} {line.FormattedMessage} {string.Join(' ', line.Attributes ?? [])} {line.Exception} {line.TraceState}";
}
