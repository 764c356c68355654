using System.Text.Json;

namespace TicMate.Bench.Measure;

/// <summary>What an operation is measured by: PostgreSQL's own reads, or its own writes.</summary>
public enum Stick
{
    Reads,
    Writes,
}

/// <summary>Something that people do, and how fast it has to be.</summary>
/// <param name="Statements">How many statements one request is for the database.</param>
/// <param name="Target">At 16 connections, the part of the yardstick's rate to reach; null where only a time is asked for.</param>
/// <param name="MostMilliseconds">At 16 connections, what 99 of 100 requests stay under; null where only a rate is asked for.</param>
public sealed record Operation(string Name, Func<World, IEnumerable<ApiCall>> Calls, int Statements, Stick Stick = Stick.Reads, double? Target = null, double? MostMilliseconds = null)
{
    private const int Different = 2_000;

    public bool IsRead => Stick is Stick.Reads;

    /// <summary>All there are, reads first: writes make the tickets grow.</summary>
    public static readonly Operation[] All =
    [
        new("ticket", world => Mix(world, (user, nth) => new ApiCall("GET", $"/api/tickets/{user.Tickets[nth % user.Tickets.Length]}", user.Token)), 1, Target: 0.18),
        new("my-tickets", world => Mix(world, (user, _) => new ApiCall("GET", "/api/tickets?limit=25", user.Token)), 1, Target: 0.08),
        new("summary", world => Mix(world, (user, _) => new ApiCall("GET", "/api/tickets/tickets-summary", user.Token)), 1, Target: 0.10),
        new("queue", world => world.Moderators.Select(token => new ApiCall("GET", "/api/tickets/queue", token)), 1, Target: 0.10),
        new("dashboard", world => [new("GET", "/api/admin/dashboard", world.Admin)], 1, Target: 400.0 / 45_000),
        new("search", world => Words(world).Select(word => new ApiCall("GET", $"/api/admin/tickets?q={Uri.EscapeDataString(word)}", world.Moderators[0])), 1, MostMilliseconds: 25),
        new("similar", world => Mix(world, (user, nth) => new ApiCall("POST", "/api/tickets/similar", user.Token, Text(world, nth))), 3, MostMilliseconds: 25),
        new("create", world => Mix(world, (user, nth) => new ApiCall("POST", "/api/tickets", user.Token, Text(world, nth))), 1, Stick.Writes, 0.25),
        new("reply", world => Mix(world, (user, nth) => new ApiCall("PUT", "/api/tickets/ticket-reply", user.Token, Json(("ticketId", user.Tickets[nth % user.Tickets.Length]), ("message", "It still does not work, please look at it again.")))), 1, Stick.Writes, 0.25),

        // Without a status an open ticket is completed and a completed one reopened, so this can go on for ever.
        new("status", world => Mix(world, (user, nth) => new ApiCall("PUT", $"/api/tickets/status/{user.Tickets[nth % user.Tickets.Length]}", user.Token, "{}")), 1, Stick.Writes, 0.25),
    ];

    public static Operation Named(string name) => All.Single(operation => operation.Name == name);

    private static IEnumerable<ApiCall> Mix(World world, Func<(string Token, Guid[] Tickets), int, ApiCall> call) =>
        Enumerable.Range(0, Different).Select(nth => call(world.Users[nth % world.Users.Count], nth / world.Users.Count));

    private static IEnumerable<string> Words(World world) => world.Texts.Select((text, nth) => text.Description.Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 3 } words
        ? $"{words[nth % words.Length]} {words[nth * 7 % words.Length]}" : text.Title).Select(words => string.Concat(words.Where(c => char.IsLetterOrDigit(c) || c == ' '))).Where(words => words.Length is > 3 and < 100).Take(500);

    private static string Text(World world, int nth) => world.Texts[nth % world.Texts.Count] is var text ? Json(("title", text.Title), ("description", text.Description)) : "";

    private static string Json(params (string Name, object Value)[] members) => JsonSerializer.Serialize(members.ToDictionary(member => member.Name, member => member.Value));
}
