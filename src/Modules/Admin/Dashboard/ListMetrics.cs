using System.Text.Json.Serialization;
using TicMate.Identity.Contracts;

namespace TicMate.Admin.Dashboard;

/// <summary>What a number of the dashboard counts.</summary>
/// <param name="Name">Where it is in the dashboard; of a list, in each of its members.</param>
/// <param name="Source">now: what there is at this moment, or at the end of the day of <c>asOf</c>. period: what happened from <c>from</c> to <c>to</c>.</param>
/// <param name="Error">How far it may be off.</param>
public sealed record Metric(
    string Name, string Title, string Definition, string Unit, string Source, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error = null);

public sealed record MetricsAnswer(IReadOnlyList<Metric> Metrics) : Answer;

public static class ListMetricsEndpoint
{
    public static ProblemDetails Validate(HttpContext http) =>
        http.Request.Query.Keys.Aggregate(new Faults(), (faults, name) => faults.Add(name, $"{name} is not a parameter of this route.")).Problem;

    /// <summary>The definition of every number of the dashboard.</summary>
    [Authorize(Roles = Roles.Admin), WolverineGet("/api/admin/metrics")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403)]
    public static MetricsAnswer Get() => new(Metrics.All);
}

/// <summary>The definitions; docs/metrics.md says the same.</summary>
public static class Metrics
{
    private const string Accounts = "accounts", Tickets = "tickets", Seconds = "seconds", Share = "0 to 1", Proposals = "proposals";
    private const string Now = "now", Period = "period", Days = "period (UTC days)";
    private const string Duration = "at most 5 %; below a second it is 0", Quarter = "age is told in quarters of an hour", Wilson = "Wilson's 95 % interval";

    public static readonly IReadOnlyList<Metric> All =
    [
        new("stats.totalUsers", "Accounts", "Accounts that are not erased, the service's own importer among them.", Accounts, Now),
        new("stats.activeUsers", "Active accounts", "Accounts that are not deactivated.", Accounts, Now),
        new("stats.newUsers", "New accounts", "Accounts registered or invited in the period and not erased since.", Accounts, Period),
        new("stats.totalTickets", "Tickets", "Tickets that are not deleted; merged and imported ones count.", Tickets, Now),
        new("stats.todoTickets", "To do", "Tickets with the status todo.", Tickets, Now),
        new("stats.inProgressTickets", "In progress", "Tickets with the status in_progress.", Tickets, Now),
        new("stats.waitingTickets", "Waiting", "Tickets with the status waiting.", Tickets, Now),
        new("stats.completedTickets", "Completed", "Tickets with the status completed, as lists show it: a merged ticket is completed.", Tickets, Now),
        new("stats.overdueTickets", "Overdue", "Open tickets whose deadline is over.", Tickets, Now),
        new("byStatus.count", "Tickets by status", "Tickets with this status, as lists show it.", Tickets, Now),
        new("byPriority.count", "Tickets by priority", "Tickets with this priority.", Tickets, Now),
        new("byPriority.open", "Open tickets by priority", "Of these, the tickets that are not completed.", Tickets, Now),
        new("byCategory.count", "Tickets by category", "Tickets with this category, written exactly so; the 20 most frequent, and the sum of the others as other. Empty: without a category.", Tickets, Now),
        new("byCategory.open", "Open tickets by category", "Of these, the tickets that are not completed.", Tickets, Now),
        new("bySkill.count", "Tickets by skill", "Tickets that need this skill, compared without case; a ticket counts for each of its skills. The 20 most frequent, and the sum of the others as other.", Tickets, Now),
        new("bySkill.open", "Open tickets by skill", "Of these, the tickets that are not completed.", Tickets, Now),
        new("days.created", "Created", "Tickets created on this day of the zone and not deleted; imported ones on the day they were imported.", Tickets, Period),
        new("days.completed", "Completed", "Tickets whose completion is of this day and stands: a ticket that was reopened counts on the day of its last completion, and on none while it is open. A merge counts as completion.", Tickets, Period),
        new("days.reopened", "Reopened", "How often a completed ticket was opened again on this day; deleted tickets are left out.", "reopenings", Period),
        new("firstResponse.n", "First responses", "Tickets that somebody else than their author replied to for the first time in the period. Not what was solved before it was imported.", Tickets, Period),
        new("firstResponse.medianSeconds", "Median time to the first response", "Half of these tickets took no longer, from their creation to that reply.", Seconds, Period, Duration),
        new("firstResponse.p90Seconds", "90th percentile of the time to the first response", "Nine tenths of these tickets took no longer.", Seconds, Period, Duration),
        new("resolution.n", "Resolutions", "Tickets whose completion is of the period and stands. Not what was ended by a merge, nor what was solved before it was imported.", Tickets, Period),
        new("resolution.medianSeconds", "Median time to resolution", "Half of these tickets took no longer, from their creation to the completion that stands; the time between a completion and a reopening is part of it.", Seconds, Period, Duration),
        new("resolution.p90Seconds", "90th percentile of the time to resolution", "Nine tenths of these tickets took no longer.", Seconds, Period, Duration),
        new("backlogByAge.count", "Backlog by age", "Open tickets by the time since their creation.", Tickets, Now, Quarter),
        new("moderators.open", "Load", "Open tickets assigned to this person. The 100 people with most are listed, active staff without any as well.", Tickets, Now),
        new("moderators.completed", "Completed by person", "Resolutions of the period that were assigned to this person when they were completed.", Tickets, Period),
        new("moderators.medianResolutionSeconds", "Median time to resolution by person", "Half of these tickets took no longer, from their creation to the completion that stands.", Seconds, Period, Duration),
        new("reopened.completed", "First completions", "Tickets completed for the first time in the period. Not what was ended by a merge, nor what was solved before it was imported.", Tickets, Period),
        new("reopened.reopened", "Reopened of these", "Of these, the tickets that were opened again since, however often.", Tickets, Period),
        new("reopened.rate", "Reopen rate", "The reopened tickets, divided by the first completions.", Share, Period),
        new("reopened.low", "Reopen rate, lower bound", "The true rate is hardly lower.", Share, Period, Wilson),
        new("reopened.high", "Reopen rate, upper bound", "The true rate is hardly higher.", Share, Period, Wilson),
        new("ai.proposed", "Proposals", "Proposals of the agent made in the period, as quality.md counts them. What became of them is told as it is known today, also with asOf.", Proposals, Days),
        new("ai.applied", "Applied", "Of these, filled in at once.", Proposals, Days),
        new("ai.accepted", "Accepted", "Of these, taken by a person as they were.", Proposals, Days),
        new("ai.edited", "Edited", "Of these, put right by a person.", Proposals, Days),
        new("ai.rejected", "Rejected", "Of these, refused by a person.", Proposals, Days),
        new("ai.undone", "Undone", "Of these, applied and taken off again within a week.", Proposals, Days),
        new("ai.n", "Decided", "Proposals of the period that a person decided on: accepted, edited, rejected or undone.", Proposals, Days),
        new("ai.acceptanceRate", "Acceptance rate", "The accepted proposals, divided by those decided on.", Share, Days),
        new("ai.low", "Acceptance rate, lower bound", "The true rate is hardly lower.", Share, Days, Wilson),
        new("ai.high", "Acceptance rate, upper bound", "The true rate is hardly higher.", Share, Days, Wilson),
        new("usersByRole.count", "Accounts by role", "Accounts with this role that are not erased.", Accounts, Now),
        new("usersByRole.active", "Active accounts by role", "Of these, the accounts that are not deactivated.", Accounts, Now),
    ];
}
