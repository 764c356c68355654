using System.Globalization;
using TicMate.Admin.Dashboard;
using TicMate.Identity.Contracts;

namespace TicMate.Admin.Users;

/// <summary>An account, and the tickets that are or were the person's work.</summary>
public sealed record UserRow : UserView
{
    public UserRow(UserView user, long openTickets, long completedTickets) : base(user) => (OpenTickets, CompletedTickets) = (openTickets, completedTickets);

    /// <summary>Open tickets assigned to the person.</summary>
    public long OpenTickets { get; }

    /// <summary>Tickets that were the person's when they were completed.</summary>
    public long CompletedTickets { get; }
}

/// <summary>Adds the counts to accounts, those of a whole page at once.</summary>
public sealed class UserRows(DashboardNumbers projection)
{
    public async Task<IReadOnlyList<UserRow>> OfAsync(IReadOnlyCollection<UserView> users, CancellationToken ct)
    {
        if (users.Count == 0)
            return [];

        var work = await projection.WorkAsync([.. users.Select(user => user.Id)], ct);
        return [.. users.Select(user => new UserRow(user, work.GetValueOrDefault(user.Id).Open, work.GetValueOrDefault(user.Id).Completed))];
    }
}

/// <summary>One page of accounts, the newest first; <c>next</c> is the cursor of the page after it.</summary>
public sealed record UserPageAnswer(IReadOnlyList<UserRow> Users, string? Next) : Answer;

/// <summary>Which accounts are asked for; anything that is not understood is a fault.</summary>
public static class UserFilter
{
    private const int LongestSearch = 200, MostSkills = 50;

    public static readonly string[] Parameters = ["limit", "cursor", "role", "active", "verified", "skill", "q"];

    public static (AccountFilter, ProblemDetails) Read(IQueryCollection query)
    {
        var faults = new Faults();
        var filter = new AccountFilter(25);
        foreach (var (name, values) in query)
            filter = (name, values.Count == 1 ? values[0] ?? "" : "") switch
            {
                ("limit", var text) when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= 100 => filter with { Limit = limit },
                ("limit", _) => Fault(name, "limit must be a number from 1 to 100."),
                ("cursor", var text) when new Reference(text).Id is var id && id != Reference.Nothing => filter with { Before = id },
                ("cursor", _) => Fault(name, "cursor must be the next of an earlier page."),
                ("role", var text) when text.Split(',') is var roles && roles.All(Roles.Words.Contains) => filter with { Roles = roles },
                ("role", _) => Fault(name, $"role must be one or more of {string.Join(", ", Roles.Words.Order(StringComparer.Ordinal))}."),
                ("active", "true" or "false") => filter with { IsActive = values[0] == "true" },
                ("verified", "true" or "false") => filter with { IsVerified = values[0] == "true" },
                ("active" or "verified", _) => Fault(name, $"{name} must be true or false."),
                ("skill", var text) when IsText(text, 50 * MostSkills) && text.Split(',', StringSplitOptions.TrimEntries) is { Length: <= MostSkills } skills && skills.All(skill => skill.Length is > 0 and <= 50)
                    => filter with { Skills = skills },
                ("skill", _) => Fault(name, $"skill must be one to {MostSkills} skills, with commas between them."),
                ("q", var text) when IsText(text.Trim(), LongestSearch) => filter with { Words = text.Trim() },
                ("q", _) => Fault(name, $"q must be 1 to {LongestSearch} characters."),
                _ => Fault(name, $"{name} is not a parameter of this list."),
            };

        return (filter, faults.Problem);

        AccountFilter Fault(string field, string message)
        {
            faults.Add(field, message);
            return filter;
        }
    }

    private static bool IsText(string text, int longest) => text.Length > 0 && text.Length <= longest && !text.Any(char.IsControl);
}

public static class ListUsersEndpoint
{
    public static (AccountFilter, ProblemDetails) Validate(HttpContext http) => UserFilter.Read(http.Request.Query);

    [Authorize(Roles = Roles.Admin), RecordsRead("users"), WolverineGet("/api/admin/users")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403)]
    public static async Task<UserPageAnswer> Get(AccountFilter filter, IAccounts accounts, UserRows rows, CancellationToken ct)
    {
        var found = await accounts.ListAsync(filter with { Limit = filter.Limit + 1 }, ct);
        var shown = found.Take(filter.Limit).ToArray();
        return new(await rows.OfAsync(shown, ct), found.Count > filter.Limit ? shown[^1].Id.ToString() : null);
    }
}
