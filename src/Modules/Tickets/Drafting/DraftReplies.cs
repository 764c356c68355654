using System.Text.Json.Serialization;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Conversation;
using TicMate.Tickets.Reading;
using TicMate.Tickets.Similar;
using Wolverine.Marten;

namespace TicMate.Tickets.Drafting;

public sealed record DraftAReply;

/// <summary>A solved ticket that a draft rests on.</summary>
/// <param name="CreatedBy">Whose ticket it is: not necessarily the owner's of the ticket that the draft is for.</param>
public sealed record DraftSource(int Number, Guid Id, PersonView CreatedBy, PersonView SolvedBy)
{
    [JsonPropertyName("_id")]
    public Guid UnderscoreId => Id;
}

/// <param name="Kind">answer, question or unknown.</param>
public sealed record DraftView(
    Guid Id, string Text, IReadOnlyList<DraftSource> BasedOn, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Confidence, string Kind, string Advisor, PersonView Owner)
{
    [JsonPropertyName("_id")]
    public Guid UnderscoreId => Id;
}

public sealed record DraftAnswer(DraftView Draft) : Answer;

public static class DraftAReplyEndpoint
{
    public static Task<Ticket?> LoadAsync(Guid ticketId, IQuerySession session, CancellationToken ct) => session.LoadAsync<Ticket>(ticketId, ct);

    public static ProblemDetails Validate(Ticket? ticket, CurrentUser user, IfMatch match) =>
        TicketGuard.Unseen(ticket, user) ?? TicketGuard.NotStaff(user) ?? match.Stale(ticket!.Version) ?? TicketGuard.Frozen(ticket) ?? WolverineContinue.NoProblems;

    /// <summary>Suggests a reply. It is never sent by the machine: whoever sends it names it in <c>draftId</c>.</summary>
    [WolverinePost("/api/tickets/{ticketId}/reply-draft")]
    [ProducesResponseType<DraftAnswer>(200), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412)]
    public static async Task<(DraftAnswer, IStartStream, StoreDoc<DraftText>)> Post(
        DraftAReply _, Ticket? ticket, CurrentUser user, SimilarTickets similar, Model model, IPeople people, CancellationToken ct)
    {
        var solved = await similar.SolvedAsync(new Likeness(ticket!.Title, ticket.Description, ticket.Id, null), SimilarTickets.LargestLimit, ct);
        var draft = await model.AskAsync(DraftReply.Asked(ticket, solved), json => DraftReply.Read(json, model.Name, ticket, solved), ct) ?? DraftReply.BuiltIn(ticket, solved);

        var id = Guid.CreateVersion7();
        var names = await people.NamesAsync([.. draft.BasedOn.SelectMany(b => new[] { b.Ticket.AuthorId, b.Solution!.AuthorId }).Append(ticket.AuthorId).Distinct()], ct);
        PersonView Person(Guid person) => new(person, names[person]);
        return (
            new(new(id, draft.Text, [.. draft.BasedOn.Select(b => new DraftSource(b.Ticket.Number, b.Ticket.Id, Person(b.Ticket.AuthorId), Person(b.Solution!.AuthorId)))],
                draft.Confidence, draft.Kind, draft.Advisor, Person(ticket.AuthorId))),
            MartenOps.StartStream<Draft>(id, new ReplyDrafted(id, ticket.Id, user.Id, draft.Advisor, draft.Kind, draft.Confidence, [.. draft.BasedOn.Select(b => b.Ticket.Id)], draft.Text.Length)),
            MartenOps.Store(new DraftText { Id = id, TicketId = ticket.Id, Text = draft.Text }));
    }
}

/// <summary>The draft that a reply began as.</summary>
public sealed record UsedDraft(DraftText? Text)
{
    /// <summary>Only staff have drafts; from anyone else the member has no meaning. A draft counts where it was asked for, and where the replies to that ticket go now.</summary>
    public static async Task<UsedDraft> FindAsync(Reference? named, CurrentUser user, IQuerySession session, CancellationToken ct) =>
        new(user.IsStaff && named is { Text.Length: > 0 } ? await session.LoadAsync<DraftText>(named.Id, ct) : null);

    public bool IsOf(Landing landing) => Text is not null && (Text.TicketId == landing.Named!.Id || Text.TicketId == landing.Ticket!.Id);

    /// <summary>What is to be stored when the reply is; nothing when the draft was used before.</summary>
    public (ReplyDraftUsed, DraftText)? Sent(Guid replyId, string message) => Text is not { ReplyId: null, Text.Length: > 0 } draft ? null
        : (new ReplyDraftUsed(draft.Id, draft.TicketId, replyId, Survival.Of(draft.Text, message)), draft with { Text = "", ReplyId = replyId });
}
