using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Html;

namespace TicMate.Admin.Dashboard.Pictures;

/// <summary>
/// The page. Its numbers and tables are markup, so that they are there without the script, which draws and no more. Whatever is put into a
/// hole of <see cref="Html"/> is encoded unless it is markup already; what the script draws is JSON, in which no markup can end.
/// </summary>
public sealed record DashboardPage(DashboardQuery Query, DashboardAnswer Numbers) : IResult
{
    private static readonly string Style = Embedded("page.css"), Library = Embedded("chart.umd.min.js"), Script = Embedded("page.js");
    private static readonly byte[] Scripts = Encoding.UTF8.GetBytes($"<script>{Library}</script>\n<script>{Script}</script>\n</body>\n</html>\n");
    private static readonly HtmlString Styles = new(Style);
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);
    private static readonly Dictionary<string, Metric> Defined = Metrics.All.ToDictionary(metric => metric.Name);

    public static readonly string Policy =
        $"default-src 'none'; script-src '{Hash(Library)}' '{Hash(Script)}'; style-src '{Hash(Style)}'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    public async Task ExecuteAsync(HttpContext http)
    {
        http.Response.ContentType = "text/html; charset=utf-8";
        http.Response.Headers.ContentSecurityPolicy = Policy;
        await http.Response.WriteAsync(Markup(), http.RequestAborted);
        await http.Response.Body.WriteAsync(Scripts, http.RequestAborted);
    }

    /// <summary>Everything before the scripts, which are the same on every page.</summary>
    public string Markup()
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        Page().WriteTo(text, Encoder);
        return text.ToString();
    }

    private HtmlFormattableString Page()
    {
        var figures = Figures.Of(Numbers);
        return Html($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><meta name="color-scheme" content="light dark">
            <title>Dashboard – TICMaTe</title><link rel="icon" href="data:,"><style>{Styles}</style>
            </head>
            <body>
            <header>
            <div><h1>TICMaTe <span>dashboard</span></h1><p>{Period()}</p></div>
            {Choice()}
            </header>
            {(Numbers.UpToDate ? Nothing : Html($"""<p class="note" role="status">What you did last is not counted yet. Load the page again in a moment.</p>"""))}
            <main>
            {Cards()}
            <div class="grid">{Join(figures.Select(Panel))}{Roles()}</div>
            {Definitions()}
            </main>
            <script type="application/json" id="figures">{new HtmlString(Json(figures))}</script>

            """);
    }

    private string Period()
    {
        var (first, last) = (Query.Days[0].Day, Query.Days[^1].Day);
        return $"{(first == last ? "" : $"{Say.Day(first)} – ")}{Say.Day(last)}, {Numbers.Period.Tz}" + (Numbers.AsOf is { } day ? $", as it stood at the end of {Say.Day(day)} (UTC)" : "");
    }

    private HtmlFormattableString Choice()
    {
        var last = Query.Days[^1].Day;
        var shortcuts = new (string Name, int Days)[] { ("7 days", 7), ("30 days", 30), ("90 days", 90), ("1 year", 365) }.Select(period => Html(
            $"""<a href="{Address(last.AddDays(1 - period.Days), last)}"{(Query.Days.Count == period.Days ? Current : Nothing)}>{period.Name}</a>"""));
        return Html($"""
            <div class="choice">
            <nav aria-label="Period">{Join(shortcuts)}</nav>
            <form><label>From {Bound("from", Numbers.Period.From)}</label><label>To {Bound("to", Numbers.Period.To)}</label>
            <label>Time zone <input name="tz" value="{Numbers.Period.Tz}" required maxlength="64" list="zones" autocomplete="off"></label><datalist id="zones"><option>{Numbers.Period.Tz}</option><option>UTC</option></datalist>
            <label>As of <input type="date" name="asOf" value="{Iso(Numbers.AsOf)}"></label><button>Show</button></form>
            </div>
            """);
    }

    private string Address(DateOnly from, DateOnly to) =>
        $"?from={Iso(from)}&to={Iso(to)}&tz={Uri.EscapeDataString(Numbers.Period.Tz)}" + (Numbers.AsOf is { } day ? $"&asOf={Iso(day)}" : "");

    // A bound that is a time is not for a field that knows days only.
    private static HtmlFormattableString Bound(string name, string value) =>
        Html($"""<input type="{(value.Contains('T', StringComparison.Ordinal) ? "text" : "date")}" name="{name}" value="{value}">""");

    private HtmlFormattableString Cards()
    {
        var (stats, reopened, ai) = (Numbers.Stats, Numbers.Reopened, Numbers.Ai);
        return Html($"""
            <dl class="cards">
            {Card("Open", ["stats.todoTickets", "stats.inProgressTickets", "stats.waitingTickets"], Say.Count(stats.TodoTickets + stats.InProgressTickets + stats.WaitingTickets), $"of {Say.Count(stats.TotalTickets)} tickets")}
            {Card("Overdue", ["stats.overdueTickets"], Say.Count(stats.OverdueTickets), "open past the deadline", stats.OverdueTickets > 0)}
            {Card("Created", ["days.created"], Say.Count(Numbers.Days.Sum(d => d.Created)), "in the period")}
            {Card("Completed", ["days.completed"], Say.Count(Numbers.Days.Sum(d => d.Completed)), "in the period")}
            {Card("First response", ["firstResponse.medianSeconds", "firstResponse.p90Seconds"], Say.Duration(Numbers.FirstResponse.MedianSeconds), Times(Numbers.FirstResponse))}
            {Card("Resolution", ["resolution.medianSeconds", "resolution.p90Seconds"], Say.Duration(Numbers.Resolution.MedianSeconds), Times(Numbers.Resolution))}
            {Card("Reopened", ["reopened.rate", "reopened.reopened", "reopened.completed", "reopened.low"], Say.Share(reopened.Rate), reopened.Rate is null ? "nothing was completed" : $"{Say.Count(reopened.Reopened)} of {Say.Count(reopened.Completed)}; likely {Between(reopened.Low, reopened.High)}")}
            {Card("Proposals accepted", ["ai.acceptanceRate", "ai.n", "ai.low"], Say.Share(ai.AcceptanceRate), ai.AcceptanceRate is null ? $"nobody decided on any of {Say.Count(ai.Proposed)}" : $"of {Say.Count(ai.N)} decided on; likely {Between(ai.Low, ai.High)}")}
            </dl>
            """);
    }

    private static string Times(DurationView times) => times.N == 0 ? "none in the period" : $"median of {Say.Count(times.N)}; 90{Say.Gap}% within {Say.Duration(times.P90Seconds)}";

    private static string Between(double? low, double? high) => $"{Say.Share(low).Split(Say.Gap)[0]}–{Say.Share(high)}";

    private static HtmlFormattableString Card(string name, string[] metrics, string value, string more, bool isAlarming = false) =>
        Html($"""<div{(isAlarming ? Alarming : Nothing)}><dt>{Term(name, metrics)}</dt><dd><strong>{value}</strong><small>{more}</small></dd></div>""");

    private static HtmlFormattableString Term(string name, string[] metrics) =>
        Html($"""<abbr title="{string.Join("\n", metrics.Select(metric => metrics.Length > 1 ? $"{Defined[metric].Title}: {Defined[metric].Definition}" : Defined[metric].Definition))}">{name}</abbr>""");

    private static HtmlFormattableString Panel(Figure figure) => Html($"""
        <section class="panel{(figure.IsWide ? " wide" : "")}" aria-labelledby="{figure.Id}-title"><h2 id="{figure.Id}-title">{Term(figure.Title, figure.Metrics)}</h2>
        {(figure.IsEmpty ? Html($"""<p class="empty">Nothing to show.</p>""") : Html($"""<div class="plot {figure.Kind}"><canvas id="{figure.Id}" role="img" aria-label="{figure.Spoken}"></canvas></div>"""))}
        {(figure.Drawn < figure.Labels.Count ? Html($"""<p class="hint">The first {figure.Drawn} of {figure.Labels.Count}; the table has all.</p>""") : Nothing)}
        <details{(figure.More is null ? Nothing : Open)}><summary>As a table</summary><div class="scroll" tabindex="0" role="region" aria-labelledby="{figure.Id}-title">{Table(figure)}</div></details></section>
        """);

    private static HtmlFormattableString Table(Figure figure)
    {
        string[] heads = [.. figure.Series.Select(s => s.Name), .. figure.IsStacked ? ["All"] : (string[])[], .. figure.More is { } more ? [more.Name] : (string[])[]];
        return Html($"""
            <table><thead><tr><th scope="col">{figure.Head}</th>{Join(heads.Select(head => Html($"""<th scope="col">{head}</th>""")))}</tr></thead>
            <tbody>{Join(figure.Labels.Select((label, n) => Html($"""<tr><th scope="row">{label}</th>{Join(Cells(figure, n).Select(cell => Html($"<td>{cell}</td>")))}</tr>""")))}</tbody></table>
            """);
    }

    private static IEnumerable<string> Cells(Figure figure, int row) =>
    [
        .. figure.Series.Select(s => Say.Count(s.Values[row])), .. figure.IsStacked ? [Say.Count(figure.Series.Sum(s => s.Values[row]))] : (string[])[],
        .. figure.More is { } more ? [more.Cells[row]] : (string[])[],
    ];

    private HtmlFormattableString Roles() => Html($"""
        <section class="panel wide" aria-labelledby="roles-title"><h2 id="roles-title">{Term("Accounts by role", ["usersByRole.count", "usersByRole.active", "stats.newUsers"])}</h2>
        <table><thead><tr><th scope="col">Role</th><th scope="col">Accounts</th><th scope="col">Active</th></tr></thead>
        <tbody>{Join(Numbers.UsersByRole.Select(role => Html($"""<tr><th scope="row">{Say.Word(role.Key)}</th><td>{Say.Count(role.Count)}</td><td>{Say.Count(role.Active)}</td></tr>""")))}</tbody>
        <tfoot><tr><th scope="row">All</th><td>{Say.Count(Numbers.Stats.TotalUsers)}</td><td>{Say.Count(Numbers.Stats.ActiveUsers)}</td></tr></tfoot></table><p class="hint">{Say.Count(Numbers.Stats.NewUsers)} new in the period.</p></section>
        """);

    private static HtmlFormattableString Definitions() => Html($"""
        <details class="panel definitions"><summary>What the numbers mean</summary>
        <dl>{Join(Metrics.All.Select(metric => Html($"<div><dt>{metric.Title}</dt><dd>{metric.Definition}{(metric.Error is { } error ? $" Error: {error}." : "")}</dd></div>")))}</dl></details>
        """);

    // The default encoder of JSON leaves no <, > or & as it is.
    private static string Json(IReadOnlyList<Figure> figures) => JsonSerializer.Serialize(
        figures.Where(figure => !figure.IsEmpty).Select(figure => new
        {
            figure.Id, figure.Kind, figure.IsStacked, Labels = figure.Labels.Take(figure.Drawn),
            Series = figure.Series.Select(s => new { s.Name, s.Tone, Values = s.Values.Take(figure.Drawn) }),
        }), JsonSerializerOptions.Web);

    private static readonly HtmlFormattableString Nothing = new(""), Current = new(" aria-current=\"page\""), Alarming = new(" class=\"alarming\""), Open = new(" open");

    private static HtmlFormattableString Html(FormattableString markup) => new(CultureInfo.InvariantCulture, markup.Format, markup.GetArguments()!);

    private static HtmlContentBuilder Join(IEnumerable<IHtmlContent> parts)
    {
        var all = new HtmlContentBuilder();
        foreach (var part in parts)
            all.AppendHtml(part);
        return all;
    }

    private static string Iso(DateOnly? day) => day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "";

    // Browsers hash what they parsed, with plain line ends.
    private static string Embedded(string name)
    {
        using var reader = new StreamReader(typeof(DashboardPage).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    private static string Hash(string inline) => $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(inline)))}";
}
