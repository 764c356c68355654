using System.Globalization;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Profile;

namespace TicMate.Identity.Accounts;

/// <summary>One page of accounts, the newest first; <c>next</c> is the cursor of the page after it.</summary>
public sealed record UserPageAnswer(IReadOnlyList<UserView> Users, string? Next) : Answer;

/// <summary>Which page is asked for. Ids are time-ordered (UUIDv7), so the last one shown says where the next page begins.</summary>
public sealed record UserPage(int Limit, Guid? Before)
{
    public static (UserPage, ProblemDetails) Read(IQueryCollection query)
    {
        var faults = new Faults();
        var page = new UserPage(25, null);
        foreach (var (name, values) in query)
            page = (name, values.Count == 1 ? values[0] ?? "" : "") switch
            {
                ("limit", var text) when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= 100 => page with { Limit = limit },
                ("limit", _) => Fault(name, "limit must be a number from 1 to 100."),
                ("cursor", var text) when new Reference(text).Id is var id && id != Reference.Nothing => page with { Before = id },
                ("cursor", _) => Fault(name, "cursor must be the next of an earlier page."),
                _ => Fault(name, $"{name} is not a parameter of this list."),
            };

        return (page, faults.Problem);

        UserPage Fault(string field, string message)
        {
            faults.Add(field, message);
            return page;
        }
    }
}

public static class ListUsersEndpoint
{
    public static (UserPage, ProblemDetails) Validate(HttpContext http) => UserPage.Read(http.Request.Query);

    [Authorize(Roles = Roles.Admin), RecordsRead("users"), WolverineGet("/api/admin/users")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403)]
    public static async Task<UserPageAnswer> Get(UserPage page, IQuerySession session, CancellationToken ct)
    {
        var people = new Dictionary<Guid, PersonalData>();
        var users = session.Query<User>().Where(u => !u.IsErased);
        if (page.Before is { } before)
            users = users.Where(u => u.Id.CompareTo(before) < 0);

        var found = await users.OrderByDescending(u => u.Id).Take(page.Limit + 1).ToListAsync(ct);
        foreach (var person in await session.LoadManyAsync<PersonalData>(ct, found.Select(u => u.Id)))
            people[person.Id] = person;

        var shown = found.Take(page.Limit).ToArray();
        return new UserPageAnswer(
            [.. shown.Where(u => people.ContainsKey(u.Id)).Select(u => UserView.Of(u, people[u.Id]))],
            found.Count > page.Limit ? shown[^1].Id.ToString() : null);
    }
}
