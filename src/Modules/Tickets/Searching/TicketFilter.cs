using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;

namespace TicMate.Tickets.Searching;

/// <summary>Which page of which tickets is asked for. Several values mean "one of them"; what is empty was not asked for.</summary>
public sealed record TicketFilter
{
    public const int DefaultLimit = 25, LargestLimit = 100, LongestSearch = 200, MostValues = 50;

    public int Limit { get; init; } = DefaultLimit;
    public TicketSort Sort { get; init; } = TicketSort.Newest;
    public TicketCursor? After { get; init; }

    /// <summary>Everybody's tickets instead of the caller's own.</summary>
    public bool Everybodys { get; init; }

    /// <summary>The terms that must all be found; null when nothing is searched for.</summary>
    public string[]? Terms { get; init; }

    public string[] Statuses { get; init; } = [];
    public string[] Priorities { get; init; } = [];
    public string[] Categories { get; init; } = [];
    public string[] Skills { get; init; } = [];
    public Guid[] AssignedTo { get; init; } = [];
    public bool Unassigned { get; init; }
    public Guid[] CreatedBy { get; init; } = [];
    public int[] Numbers { get; init; } = [];

    /// <summary>Created at this time or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Created earlier than this.</summary>
    public DateTimeOffset? Until { get; init; }

    public bool? Overdue { get; init; }
    public bool? Deleted { get; init; }

    /// <summary>Reads the parameters of a list. Anything that is not understood is a fault, never ignored.</summary>
    public static (TicketFilter, ProblemDetails) Read(TicketList list, IQueryCollection query, CurrentUser user)
    {
        var (faults, filter) = (new Faults(), new TicketFilter { Sort = list.Sorts[0] });
        foreach (var (name, values) in query)
            if (values.Count != 1)
                faults.Add(name, $"{name} may be given once.");
            else if (!list.Parameters.Contains(name) || (name == "deleted" && user.Role is not Roles.Admin))
                faults.Add(name, $"{name} is not a parameter of this list.");
            else if (filter.With(list, name, values[0] ?? "", user) is { } read)
                filter = read;
            else
                faults.Add(name, $"{name} must be {Expected(list, name)}.");

        // Only now is known what the cursor must fit.
        if (filter.Sort == TicketSort.BestMatch && filter.Terms is null)
            faults.Add("sort", "sort=-rank goes with q.");
        else if (query["cursor"] is [{ } text])
        {
            filter = filter with { After = TicketCursor.Parse(text, filter.Sort) };
            faults.When(filter.After is null, "cursor", $"cursor must be {Expected(list, "cursor")}.");
        }

        return filter.Everybodys && !user.IsStaff ? (filter, Refuse.Forbidden("Everybody's tickets are for staff.")) : (filter, faults.Problem);
    }

    private TicketFilter? With(TicketList list, string name, string text, CurrentUser user) => name switch
    {
        "limit" => Number(text) is >= 1 and <= LargestLimit and var limit ? this with { Limit = limit } : null,
        "cursor" => this,
        "sort" => list.Sorts.FirstOrDefault(sort => sort.Name == text) is { } sort ? this with { Sort = sort } : null,
        "scope" => text == "all" ? this with { Everybodys = true } : null,
        "q" => IsLine(text, LongestSearch) ? this with { Terms = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) } : null,
        "status" => Several(text, word => Status.Words.Contains(word) ? word : null) is { } words ? this with { Statuses = words } : null,
        "priority" => Several(text, word => Priority.Words.Contains(word) ? word : null) is { } words ? this with { Priorities = words } : null,
        "category" => Several(text, value => IsLine(value, 255) ? value : null) is { } values ? this with { Categories = values } : null,
        "skill" => Several(text, value => IsLine(value, 50) ? Skill.Key(value) : null) is { } values ? this with { Skills = values } : null,
        "assignedTo" => Several(text, value => value switch { "me" => user.Id, "none" => Guid.Empty, _ => Id(value) }) is { } ids
            ? this with { AssignedTo = [.. ids.Where(id => id != Guid.Empty)], Unassigned = ids.Contains(Guid.Empty) } : null,
        "createdBy" => Several(text, Id) is { } ids ? this with { CreatedBy = ids } : null,
        "number" => Several(text, Number) is { } numbers ? this with { Numbers = numbers } : null,
        "createdAfter" => Time(text, after: true) is { } time ? this with { From = time } : null,
        "createdBefore" => Time(text, after: false) is { } time ? this with { Until = time } : null,
        "overdue" => text is "true" or "false" ? this with { Overdue = text == "true" } : null,
        "deleted" => text is "true" or "false" ? this with { Deleted = text == "true" } : null,
        _ => null,
    };

    private static string Expected(TicketList list, string name) => name switch
    {
        "limit" => $"a number from 1 to {LargestLimit}",
        "cursor" => "the next of an earlier page in the same order",
        "sort" => $"one of {string.Join(", ", list.Sorts.Select(sort => sort.Name))}",
        "scope" => "all, if it is given",
        "q" => $"one line of 1 to {LongestSearch} characters",
        "status" => OneOf(Status.Words),
        "priority" => OneOf(Priority.Words),
        "assignedTo" => "me, none or ids",
        "createdBy" => "ids",
        "number" => "numbers of tickets",
        "createdAfter" or "createdBefore" => "a date (2026-12-31) or a time with an offset (2026-12-31T17:00:00Z)",
        "overdue" or "deleted" => "true or false",
        _ => $"1 to {MostValues} names",
    };

    private static string OneOf(FrozenSet<string> words) => $"one or more of {string.Join(", ", words.Order(StringComparer.Ordinal))}";

    private static string[]? Several(string text, Func<string, string?> read) =>
        text.Split(',') is { Length: <= MostValues } parts && parts.Select(read).ToArray() is var values && !values.Contains(null) ? [.. values.Distinct()!] : null;

    private static T[]? Several<T>(string text, Func<string, T?> read) where T : struct =>
        text.Split(',') is { Length: <= MostValues } parts && parts.Select(read).ToArray() is var values && !values.Contains(null)
            ? [.. values.Select(value => value!.Value).Distinct()] : null;

    private static bool IsLine(string text, int max) => new Faults().Line("text", text, max).Refusal is null;

    private static Guid? Id(string text) => new Reference(text).Id is var id && id != Reference.Nothing ? id : null;

    private static int? Number(string text) =>
        text is [>= '1' and <= '9', ..] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    // A date means the end of that day. The database keeps microseconds.
    private static DateTimeOffset? Time(string text, bool after) => WireTime.Parse(text) is not { } time || time.Year == DateTimeOffset.MaxValue.Year ? null
        : text.Length == 10 ? time.AddSeconds(1)
        : after ? time.AddTicks(TimeSpan.TicksPerMicrosecond) : time;
}
