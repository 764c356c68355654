using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Searching;

/// <summary>A list of tickets: where it is, and what may be asked of it.</summary>
public sealed record TicketList(string Route, string[] Parameters, TicketSort[] Sorts)
{
    private static readonly string[] Paging = ["limit", "cursor"];
    private static readonly string[] Filters =
        ["q", "status", "priority", "category", "skill", "assignedTo", "createdBy", "createdAfter", "createdBefore", "number", "overdue"];

    /// <summary>The caller's own; with <c>scope=all</c>, which is for staff, everybody's.</summary>
    public static readonly TicketList Mine = new("/api/tickets", [.. Paging, "sort", .. Filters, "scope", "deleted"], TicketSort.All);

    /// <summary>Those the caller works on.</summary>
    public static readonly TicketList Assigned = new("/api/tickets/get-assigned", [.. Paging, "sort", .. Filters], TicketSort.All);

    /// <summary>Everybody's.</summary>
    public static readonly TicketList Every = new("/api/admin/tickets", [.. Paging, "sort", .. Filters, "deleted"], TicketSort.All);

    /// <summary>As <see cref="Mine"/>, in one piece.</summary>
    public static readonly TicketList Export = new("/api/tickets/export.csv", ["sort", .. Filters, "scope", "deleted"], [TicketSort.Newest, TicketSort.Oldest]);

    /// <summary>What the caller can take up next.</summary>
    public static readonly TicketList Queue = new("/api/tickets/queue", [.. Paging, "priority", "category", "skill"], [GetQueueEndpoint.NextFirst]);

    public static readonly TicketList[] All = [Mine, Assigned, Every, Export, Queue];

    /// <summary>For lists that take no parameter: any that is there is a fault, never ignored.</summary>
    public static ProblemDetails TakesNothing(HttpContext http) =>
        http.Request.Query.Keys.Aggregate(new Faults(), (faults, name) => faults.Add(name, $"{name} is not a parameter of this list.")).Problem;
}
