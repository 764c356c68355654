using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Drafting;
using Wolverine;
using Wolverine.Marten;

namespace TicMate.Tickets.Conversation;

public sealed record ReplyToTicket(Field<string> Message, Reference? DraftId = null) : TicketRequest;

/// <summary>The original's way in.</summary>
public static class ReplyToTicketEndpoint
{
    public static Task<(Landing, UsedDraft)> LoadAsync(ReplyToTicket request, CurrentUser user, IDocumentSession session, TimeProvider clock, CancellationToken ct) =>
        Replying.LoadAsync(request, request.TicketId, user, session, clock, ct);

    public static ProblemDetails Validate(ReplyToTicket request, Landing landing, UsedDraft draft, CurrentUser user, IfMatch match) =>
        Replying.Refusal(request, landing, user, match, draft) ?? WolverineContinue.NoProblems;

    [WolverinePut("/api/tickets/ticket-reply")]
    [ProducesResponseType<ReplyAnswer>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (ReplyStored, ReplyLands, OutgoingMessages) Put(ReplyToTicket request, Landing landing, UsedDraft draft, CurrentUser user) =>
        Replying.Decide(landing, user, request.Message.Value!, StatusCodes.Status200OK, draft);
}

public static class PostReplyEndpoint
{
    public static Task<(Landing, UsedDraft)> LoadAsync(ReplyToTicket request, Guid ticketId, CurrentUser user, IDocumentSession session, TimeProvider clock, CancellationToken ct) =>
        Replying.LoadAsync(request, ticketId, user, session, clock, ct);

    public static ProblemDetails Validate(ReplyToTicket request, Landing landing, UsedDraft draft, CurrentUser user, IfMatch match) =>
        Replying.Refusal(request, landing, user, match, draft) ?? WolverineContinue.NoProblems;

    [WolverinePost("/api/tickets/{ticketId}/replies")]
    [ProducesResponseType<ReplyAnswer>(201), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static (ReplyStored, ReplyLands, OutgoingMessages) Post(ReplyToTicket request, Guid ticketId, Landing landing, UsedDraft draft, CurrentUser user) =>
        Replying.Decide(landing, user, request.Message.Value!, StatusCodes.Status201Created, draft);
}

/// <summary>Stores a reply where it lands, and the ticket that it opens.</summary>
public sealed record ReplyLands(Landing Landing, object[] Events, TicketCreated? FollowUp, (ReplyDraftUsed Event, DraftText Left)? Draft = null) : IMartenOp
{
    public void Execute(IDocumentSession session)
    {
        Landing.Stream!.AppendMany(Events);
        if (FollowUp is not null)
            session.Events.StartStream<Ticket>(FollowUp.TicketId, FollowUp);
        if (Draft is not { } draft)
            return;

        session.Events.Append(draft.Event.DraftId, draft.Event);
        session.Store(draft.Left);
    }
}

/// <summary>The one decision behind both ways in.</summary>
public static class Replying
{
    // The draft is read once the ticket is held: of two replies that began as the same one, the second sees that it is used.
    public static async Task<(Landing, UsedDraft)> LoadAsync(ReplyToTicket request, Guid ticketId, CurrentUser user, IDocumentSession session, TimeProvider clock, CancellationToken ct) =>
        (await Landing.FindAsync(ticketId, user, session, clock.GetUtcNow(), ct), await UsedDraft.FindAsync(request.DraftId, user, session, ct));

    public static ProblemDetails? Refusal(ReplyToTicket request, Landing landing, CurrentUser user, IfMatch match, UsedDraft? draft = null) =>
        TicketGuard.Unseen(landing.Named, user)
        ?? request.FaultsFor(landing.Named!).Text("message", request.Message, 10_000)
            .When(user.IsStaff && request.DraftId is { Text.Length: > 0 } && draft?.IsOf(landing) is not true, "draftId", "DraftId must be that of a draft for this ticket.").Refusal
        ?? match.Stale(landing.Named!.Version)
        ?? (landing.Ticket!.DeletedAt is not null ? TicketGuard.Frozen(landing.Named) : null)
        ?? (landing.FollowUp is null && landing.Ticket.ReplyCount >= Ticket.RepliesAllowed
            ? Refuse.With(409, "too-many-replies", $"A ticket has at most {Ticket.RepliesAllowed} replies; please open another.") : null);

    public static (ReplyStored, ReplyLands, OutgoingMessages) Decide(Landing landing, CurrentUser user, string message, int statusCode, UsedDraft? draft = null)
    {
        var (named, ticket, id) = (landing.Named!, landing.Ticket!, Guid.CreateVersion7());
        if (landing.FollowUp is { } number)
            return (
                new ReplyStored(named.Id, id, id, message, "A new ticket takes the old one up again.", landing.FollowUpOf, landing.MergedInto, statusCode),
                new ReplyLands(landing, [new TicketFollowedUp(ticket.Id, id)], new TicketCreated(
                    id, number.Value, ticket.AuthorId, FollowUpTitle(ticket), message, ticket.Category is "" ? null : ticket.Category, FollowUpOf: ticket.Id)),
                []);

        var replied = new TicketReplied(ticket.Id, id, user.Id, message);
        var woken = Wakes(landing, user) is { } status ? new TicketStatusChanged(ticket.Id, user.Id, ticket.Status, status, ticket.AssigneeId) : null;
        return (
            new ReplyStored(named.Id, ticket.Id, id, message, "Your reply is added.", landing.FollowUpOf, landing.MergedInto, statusCode),
            new ReplyLands(landing, woken is null ? [replied] : [replied, woken], null, draft?.Sent(id, message)),
            [new TellOfReply(ticket.Id, id)]);
    }

    // The owner's word resumes a ticket that waits for it, and reopens a completed one. Staff reply without moving it.
    private static string? Wakes(Landing landing, CurrentUser user) => (landing.IsOwnersWord(user), landing.Ticket!.Status) switch
    {
        (true, Status.Waiting) => Status.InProgress,
        (true, Status.Completed) => Status.Todo,
        _ => null,
    };

    private static string FollowUpTitle(Ticket ticket) => string.Concat($"Follow-up of #{ticket.Number}: {ticket.Title}".EnumerateRunes().Take(255));
}
