using System.Globalization;
using System.Text.Json.Serialization;
using TicMate.Admin.Users;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;

namespace TicMate.Admin.Dashboard;

public sealed record DashboardStats(
    long TotalUsers, long ActiveUsers, long TotalTickets, long TodoTickets, long InProgressTickets, long WaitingTickets, long CompletedTickets)
{
    public long OverdueTickets { get; init; }
    public long NewUsers { get; init; }
}

/// <summary>The time that flows and durations are of. Of a time within a quarter of an hour, all of it counts.</summary>
public sealed record PeriodView(string From, string To, string Tz);

public sealed record CountView(string Key, long Count);

/// <param name="Open">Of these, the open ones.</param>
public sealed record TicketCountView(string Key, long Count, long Open);

/// <param name="Active">Of these, the active ones.</param>
public sealed record RoleCountView(string Key, long Count, long Active);

/// <summary>What happened on a day of the zone.</summary>
public sealed record DayView(DateOnly Day, long Created, long Completed, long Reopened);

public sealed record DurationView(long N, double? MedianSeconds, double? P90Seconds);

public sealed record ModeratorView(Guid Id, string Name, long Open, long Completed, double? MedianResolutionSeconds)
{
    [JsonPropertyName("_id")]
    public Guid UnderscoreId => Id;
}

/// <summary>Of the tickets first completed in the period, those that were opened again since.</summary>
public sealed record ReopenedView(long Completed, long Reopened, double? Rate, double? Low, double? High);

/// <summary>What became of the agent's proposals.</summary>
public sealed record AdviceView(long Proposed, long Applied, long Accepted, long Edited, long Rejected, long Undone)
{
    public double? AcceptanceRate { get; init; }
    public double? Low { get; init; }
    public double? High { get; init; }
    public long N { get; init; }
}

/// <summary>The whole service in numbers. docs/metrics.md and <c>/api/admin/metrics</c> say what each of them counts.</summary>
public sealed record DashboardAnswer(DashboardStats Stats, PeriodView Period, DateOnly? AsOf, bool UpToDate) : Answer
{
    /// <summary>The newest 100.</summary>
    public required IReadOnlyList<UserRow> Users { get; init; }

    /// <summary>The newest 100, as lists have them.</summary>
    public required IReadOnlyList<object> Tickets { get; init; }
    public required UserView? AdminProfile { get; init; }

    public required IReadOnlyList<CountView> ByStatus { get; init; }
    public required IReadOnlyList<TicketCountView> ByPriority { get; init; }
    public required IReadOnlyList<TicketCountView> ByCategory { get; init; }
    public required IReadOnlyList<TicketCountView> BySkill { get; init; }
    public required IReadOnlyList<DayView> Days { get; init; }
    public required DurationView FirstResponse { get; init; }
    public required DurationView Resolution { get; init; }
    public required IReadOnlyList<CountView> BacklogByAge { get; init; }
    public required IReadOnlyList<ModeratorView> Moderators { get; init; }
    public required ReopenedView Reopened { get; init; }
    public required AdviceView Ai { get; init; }
    public required IReadOnlyList<RoleCountView> UsersByRole { get; init; }
}

public static class GetDashboardEndpoint
{
    private const int Newest = 100;

    public static (DashboardQuery, ProblemDetails) Validate(HttpContext http, DateTimeOffset now) => DashboardQuery.Read(http.Request.Query, now);

    /// <summary>The service in numbers; <c>asOf</c> as they stood at the end of an earlier day.</summary>
    [Authorize(Roles = Roles.Admin), RecordsRead("dashboard"), WolverineGet("/api/admin/dashboard")]
    [ProducesResponseType<DashboardAnswer>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403)]
    public static async Task<IResult> Get(DashboardQuery query, CurrentUser admin, RecentDashboards dashboards, HttpContext http, CancellationToken ct) =>
        Results.Bytes(await dashboards.ReadAsync(query, http.Request.QueryString.Value ?? "", admin, Newest, ct), "application/json; charset=utf-8");
}

/// <summary>Puts the dashboard together.</summary>
public sealed class Dashboards(DashboardNumbers projection, IAccounts accounts, UserRows users, ITicketShelf tickets, IAdviceQuality advice, IPeople people)
{
    public async Task<DashboardAnswer> ReadAsync(DashboardQuery query, CurrentUser admin, int newest, bool isUpToDate, CancellationToken ct)
    {
        var numbers = await CountAsync(query, isUpToDate, ct);
        var shown = await users.OfAsync(await accounts.ListAsync(new AccountFilter(newest), ct), ct);
        return numbers with
        {
            Users = shown, Tickets = await tickets.NewestAsync(newest, admin, ct), AdminProfile = shown.FirstOrDefault(user => user.Id == admin.Id) ?? await accounts.FindAsync(admin.Id, ct),
        };
    }

    /// <summary>The numbers alone, without lists of tickets and accounts.</summary>
    public async Task<DashboardAnswer> CountAsync(DashboardQuery query, CurrentUser admin, CancellationToken ct) =>
        await CountAsync(query, (await projection.CatchUpAsync(Actor.NameOf(admin.Id, admin.ApiKeyId), ct)).IsUpToDate, ct);

    private async Task<DashboardAnswer> CountAsync(DashboardQuery query, bool isUpToDate, CancellationToken ct)
    {
        var numbers = await projection.ReadAsync(query, ct);
        var counts = await advice.CountAsync(Bucket.DayOf(query.First), Bucket.DayOf(query.Last - 1), ct);
        return DashboardViews.Of(query, numbers, counts, await people.NamesAsync(DashboardViews.People(numbers), ct), isUpToDate);
    }
}

/// <summary>Makes the answer of the counters.</summary>
public static class DashboardViews
{
    private static readonly string[] Statuses = [Status.Todo, Status.InProgress, Status.Waiting, Status.Completed];
    private static readonly string[] Priorities = [Priority.Urgent, Priority.High, Priority.Medium, Priority.Low];
    private static readonly string[] RoleWords = [Roles.User, Roles.Moderator, Roles.Admin];

    /// <summary>Everybody whose name the answer needs: who has open tickets, who had some completed, and the staff.</summary>
    public static Guid[] People(Numbers numbers) =>
        [.. numbers.Stock.Where(s => s.Kind is StockKind.Load).Concat<object>(numbers.Flows.Where(f => f.Kind is FlowKind.Work))
            .Select(row => Guid.Parse(row is StockRow stock ? stock.Key : ((FlowRow)row).Key)).Concat(numbers.Staff).Distinct()];

    public static DashboardAnswer Of(DashboardQuery query, Numbers numbers, AdviceCounts advice, IReadOnlyDictionary<Guid, string> names, bool isUpToDate)
    {
        var stock = numbers.Stock.ToLookup(row => row.Kind);
        var flows = numbers.Flows.ToLookup(row => row.Kind);
        var (statuses, roles) = (stock[StockKind.Status].ToDictionary(s => s.Key), stock[StockKind.Role].ToDictionary(s => s.Key));
        long InStatus(string status) => statuses.GetValueOrDefault(status)?.Count ?? 0;

        var (total, open) = (statuses.Values.Sum(s => s.Count), statuses.Values.Sum(s => s.Part));
        var anySkill = stock[StockKind.AnySkill].FirstOrDefault() ?? new("", "", "", 0, 0);
        var firsts = Total(flows[FlowKind.FirstCompletion]);
        var reopened = Share.Of(firsts.ElementAtOrDefault(1), firsts.ElementAtOrDefault(0));

        return new(
            new DashboardStats(
                roles.Values.Sum(r => r.Count), roles.Values.Sum(r => r.Part), total,
                InStatus(Status.Todo), InStatus(Status.InProgress), InStatus(Status.Waiting), InStatus(Status.Completed))
            {
                OverdueTickets = numbers.Overdue, NewUsers = Total(flows[FlowKind.Account]).ElementAtOrDefault(0),
            },
            new PeriodView(query.From, query.To, query.Zone), query.AsOf, isUpToDate)
        {
            Users = [], Tickets = [], AdminProfile = null,
            ByStatus = [.. Statuses.Select(status => new CountView(status, InStatus(status)))],
            ByPriority = [.. Priorities.Select(priority => stock[StockKind.Priority].FirstOrDefault(p => p.Key == priority) is { } p ? new TicketCountView(priority, p.Count, p.Part) : new(priority, 0, 0))],
            ByCategory = WithOthers(stock[StockKind.Category], total, open), BySkill = WithOthers(stock[StockKind.Skill], anySkill.Count, anySkill.Part),
            Days = Days(query, numbers.Days), FirstResponse = Duration(flows[FlowKind.Response]), Resolution = Duration(flows[FlowKind.Resolution]),
            BacklogByAge = Backlog(numbers.Ages, open), Moderators = Moderators(stock[StockKind.Load], flows[FlowKind.Work], numbers.Staff, names),
            Reopened = new(reopened.N, reopened.Count, reopened.Rate, reopened.Low, reopened.High),
            Ai = new(advice.Proposed, advice.Applied, advice.Accepted, advice.Edited, advice.Rejected, advice.Undone)
            {
                AcceptanceRate = advice.Acceptance.Rate, Low = advice.Acceptance.Low, High = advice.Acceptance.High, N = advice.Acceptance.N,
            },
            UsersByRole = [.. RoleWords.Select(role => roles.GetValueOrDefault(role) is { } r ? new RoleCountView(role, r.Count, r.Part) : new(role, 0, 0))],
        };
    }

    /// <summary>The sum of what is not named, at the end of its list. A category may be called so as well; then there are two.</summary>
    public const string Other = "other";

    private static TicketCountView[] WithOthers(IEnumerable<StockRow> named, long count, long open)
    {
        var most = named.Select(s => new TicketCountView(s.Label, s.Count, s.Part)).ToArray();
        var others = new TicketCountView(Other, count - most.Sum(s => s.Count), open - most.Sum(s => s.Open));
        return others.Count > 0 ? [.. most, others] : most;
    }

    private static DayView[] Days(DashboardQuery query, IReadOnlyList<FlowRow> rows)
    {
        var (created, completed, reopened) = (Quarters(FlowKind.Created), Quarters(FlowKind.Completed), Quarters(FlowKind.Reopened));
        return [.. query.Days.Select(day => new DayView(day.Day, Sum(day, created), Sum(day, completed), Sum(day, reopened)))];

        long[] Quarters(string kind)
        {
            var quarters = new long[query.Last - query.First];
            foreach (var row in rows.Where(row => row.Kind == kind))
                for (var quarter = 0; quarter < row.Counts.Length; quarter++)
                    if (row.Bucket + quarter - query.First is var at && at >= 0 && at < quarters.Length)
                        quarters[at] = row.Counts[quarter];

            return quarters;
        }

        long Sum(PeriodDay day, long[] quarters) => quarters.Skip(day.First - query.First).Take(day.Last - day.First).Sum();
    }

    private static long[] Total(IEnumerable<FlowRow> rows)
    {
        var total = Array.Empty<long>();
        foreach (var counts in rows.Select(row => row.Counts))
        {
            Array.Resize(ref total, Math.Max(total.Length, counts.Length));
            for (var n = 0; n < counts.Length; n++)
                total[n] += counts[n];
        }

        return total;
    }

    private static DurationView Duration(IEnumerable<FlowRow> rows)
    {
        var bins = Total(rows).Select((count, bin) => KeyValuePair.Create(bin, count)).ToArray();
        return new(bins.Sum(bin => bin.Value), Histogram.Percentile(bins, 0.5), Histogram.Percentile(bins, 0.9));
    }

    private static CountView[] Backlog(long[] ages, long open)
    {
        var days = DashboardNumbers.AgeDays;
        string Name(int age) => age == 0 ? $"<{days[0]}d" : string.Create(CultureInfo.InvariantCulture, $"{days[age - 1]}-{days[age]}d");
        return [.. ages.Select((count, age) => new CountView(Name(age), count)), new CountView($">{days[^1]}d", open - ages.Sum())];
    }

    private static ModeratorView[] Moderators(IEnumerable<StockRow> loads, IEnumerable<FlowRow> work, IEnumerable<Guid> staff, IReadOnlyDictionary<Guid, string> names)
    {
        var open = loads.ToDictionary(load => Guid.Parse(load.Key), load => load.Count);
        var completed = work.GroupBy(w => Guid.Parse(w.Key)).Select(w => (Id: w.Key, Done: Duration(w))).Where(w => w.Done.N > 0).ToDictionary(w => w.Id, w => w.Done);
        return
        [
            .. open.Keys.Union(completed.Keys).Union(staff)
                .Select(id => (Id: id, Done: completed.GetValueOrDefault(id)))
                .Select(person => new ModeratorView(person.Id, names[person.Id], open.GetValueOrDefault(person.Id), person.Done?.N ?? 0, person.Done?.MedianSeconds))
                .OrderByDescending(person => person.Open).ThenByDescending(person => person.Completed).ThenBy(person => person.Name, StringComparer.Ordinal)
                .ThenBy(person => person.Id).Take(DashboardNumbers.MostModerators),
        ];
    }
}
