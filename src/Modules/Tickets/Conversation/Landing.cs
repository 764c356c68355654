using System.Text;
using JasperFx.Events;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Lifecycle;

namespace TicMate.Tickets.Conversation;

/// <summary>
/// Where a reply lands: on the ticket that it was written to, on the one that goes on for it, or on a new one that takes it up again.
/// </summary>
/// <param name="Named">The ticket that the request names.</param>
/// <param name="Ticket">The ticket that gets the reply, or that a new one follows up.</param>
public sealed record Landing(Ticket? Named, Ticket? Ticket)
{
    /// <summary>A completed ticket comes back to life when its owner replies within this time; later a new one is opened.</summary>
    public static readonly TimeSpan ReopensFor = TimeSpan.FromDays(14);

    /// <summary>The ticket that goes on for the one named, when that was merged.</summary>
    public Guid? MergedInto { get; init; }

    /// <summary>The ticket, completed long ago, that the one that gets the reply takes up again.</summary>
    public Guid? FollowUpOf { get; init; }

    /// <summary>The number of the follow-up that has to be opened.</summary>
    public TicketNumber? FollowUp { get; init; }

    public IEventStream<Ticket>? Stream { get; init; }

    /// <summary>Whose word it is: the owner's, or that of the owner of a ticket that was merged into this one.</summary>
    public bool IsOwnersWord(CurrentUser user) => !user.IsStaff || user.Id == Ticket!.AuthorId;

    /// <summary>Finds the ticket that gets the reply and holds it until the reply is stored.</summary>
    public static async Task<Landing> FindAsync(Guid ticketId, CurrentUser user, IDocumentSession session, DateTimeOffset now, CancellationToken ct)
    {
        var named = await session.LoadAsync<Ticket>(ticketId, ct);
        if (TicketGuard.Unseen(named, user) is not null || named!.DeletedAt is not null)
            return new Landing(named, named);

        // Held is only where the way ends: whoever merges holds two tickets in a fixed order, which the way need not follow. So it is walked again
        // afterwards, in case it had changed.
        IEventStream<Ticket>? held = null;

        // Read as text: once a session has held a stream, it keeps every ticket that it loads, and would hold the next one as it was before the lock.
        async Task<Ticket?> AsStored(Guid id) => await session.Json.FindByIdAsync<Ticket>(id, ct) is not { } json ? null
            : session.DocumentStore.Options.Serializer().FromJson<Ticket>(new MemoryStream(Encoding.UTF8.GetBytes(json)));

        while (true)
        {
            var landing = await WalkAsync(named, user, now, async id => id == held?.Id ? held.Aggregate : await AsStored(id));
            if (landing.Ticket!.Id == held?.Id)
                return landing with { Stream = held, FollowUp = landing.FollowUpOf == held.Id ? await TicketNumber.NextAsync(session, ct) : null };

            held = await session.Events.FetchForExclusiveWriting<Ticket>(landing.Ticket.Id, ct);
            named = held.Id == ticketId ? held.Aggregate! : (await AsStored(ticketId))! with { Version = named.Version };
        }
    }

    /// <summary>Walks from a ticket to the one that goes on for it; where that is still to be opened, the way ends at the one that it follows up.</summary>
    public static async Task<Landing> WalkAsync(Ticket named, CurrentUser user, DateTimeOffset now, Func<Guid, Task<Ticket?>> load)
    {
        var landing = new Landing(named, named);
        var passed = new HashSet<Guid> { named.Id };
        while (landing.Ticket is { } at)
        {
            var isLongDone = user.Id == at.AuthorId && now - at.CompletedAt > ReopensFor && at.MergedInto is null;
            if ((at.MergedInto ?? (isLongDone ? at.FollowUpId : null)) is not { } next || await load(next) is not { } there)
                return isLongDone ? landing with { FollowUpOf = at.Id } : landing;

            // A follow-up may be gone, or have been merged back into what it follows up: then another one is due.
            if (isLongDone && (there.DeletedAt is not null || passed.Contains(next)))
                return landing with { FollowUpOf = at.Id };

            landing = isLongDone ? landing with { Ticket = there, FollowUpOf = at.Id }
                : landing with { Ticket = there, MergedInto = next == named.Id ? null : next };
            if (!passed.Add(next))
                return landing with { FollowUpOf = next };
        }

        return landing;
    }
}
