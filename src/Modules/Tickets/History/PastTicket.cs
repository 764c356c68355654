using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Reading;

namespace TicMate.Tickets.History;

/// <summary>A ticket as it stood.</summary>
/// <param name="AsOf">The time that was asked for, or the one at which the version came to be.</param>
public sealed record PastTicketAnswer(TicketView Ticket, DateTimeOffset AsOf, int Version) : Answer;

/// <summary>Which moment of a ticket is asked for: a time, a version, or, with neither, now.</summary>
public sealed record PastTicket(DateTimeOffset? AsOf, int? Version)
{
    public bool IsNow => AsOf is null && Version is null;

    public static (PastTicket, ProblemDetails?) Read(IQueryCollection query, Ticket ticket, DateTimeOffset now)
    {
        var faults = new Faults();
        foreach (var unknown in query.Keys.Except(["asOf", "version"]))
            faults.Add(unknown, $"{unknown} is not a parameter of this route.");

        DateTimeOffset? asOf = query["asOf"].Count == 1 ? PastTime.Parse(query["asOf"]) : null;
        var version = query["version"].Count == 1 ? Whole.Number(query["version"]) : null;
        faults.When(query.ContainsKey("asOf") && asOf is null, "asOf", "asOf must be one time with an offset (2026-12-31T17:00:00Z).")
            .When(asOf > now, "asOf", "asOf must not lie in the future.")
            .When(query.ContainsKey("version") && (version is not >= 1 || version > ticket.Version), "version",
                $"version must be a number from 1 to {ticket.Version}.")
            .When(query.ContainsKey("asOf") && query.ContainsKey("version"), "version", "Ask for a time or for a version, not for both.");

        return (new(asOf, version), faults.Refusal ?? (asOf < ticket.CreatedAt
            ? Refuse.With(404, "not-yet-created", "There was no such ticket at that time yet.") : null));
    }

    /// <summary>The moment itself: the last one by then, in the order of versions, which no clock decides.</summary>
    public Moment In(IReadOnlyList<Moment> moments) =>
        moments.LastOrDefault(m => Version is { } version ? m.Version == version : m.Event.Timestamp <= AsOf) ?? moments[0];

    public async Task<PastTicketAnswer> ReadAsync(Ticket ticket, CurrentUser user, IQuerySession session, TicketReader reader, CancellationToken ct)
    {
        var moment = In(Moment.Of(await session.Events.FetchStreamAsync(ticket.Id, token: ct)));
        var (past, asOf) = (moment.After.Ticket, AsOf ?? moment.Event.Timestamp);
        return new PastTicketAnswer(await reader.ViewAsync(past, user, ct) with { Overdue = past.IsOverdue(asOf) }, asOf, past.Version);
    }
}
