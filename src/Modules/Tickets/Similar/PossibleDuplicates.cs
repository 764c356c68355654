using System.Text.Json.Serialization;
using JasperFx.CodeGeneration.Frames;
using Marten;
using Microsoft.Extensions.Options;
using Npgsql;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Reading;
using Wolverine;
using Wolverine.Configuration;

namespace TicMate.Tickets.Similar;

/// <summary>A ticket that may ask for the same as the one just opened.</summary>
/// <param name="Score">How much of their words the two share, from 0 to 1.</param>
public sealed record DuplicateView(Guid Id, int Number, string Title, double Score, PersonView CreatedBy)
{
    [JsonPropertyName("_id")]
    public Guid UnderscoreId => Id;
}

/// <summary>Looks whether a ticket was opened before. A hint: it may take no long time, and what goes wrong is no hint.</summary>
public sealed class PossibleDuplicates(SimilarTickets similar, IPeople people, TimeProvider clock, IOptions<TicketsOptions> options, ILogger<PossibleDuplicates> log)
{
    private const int MostRead = 20, MostShown = 5;
    private const double NearlyTheSame = 0.6;
    private static readonly TimeSpan Recent = TimeSpan.FromDays(30);
    private readonly TimeSpan most = options.Value.DuplicatesTimeout;

    /// <summary>The own ones first; owners see no others.</summary>
    public async Task<IReadOnlyList<DuplicateView>> OfAsync(Ticket ticket, CurrentUser user, CancellationToken ct)
    {
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(ct);
        soon.CancelAfter(most);
        try
        {
            var like = new Likeness(ticket.Title, ticket.Description, ticket.Id, user.IsStaff ? null : user.Id);
            var alike = Choose(ticket, await similar.CurrentAsync(like, clock.GetUtcNow() - Recent, ticket.AuthorId, MostRead, most, soon.Token));
            var names = await people.NamesAsync([.. alike.Select(a => a.Ticket.AuthorId).Distinct()], soon.Token);
            return [.. alike.Select(a => new DuplicateView(a.Ticket.Id, a.Ticket.Number, a.Ticket.Title, Math.Round(a.Score, 3), new(a.Ticket.AuthorId, names[a.Ticket.AuthorId])))];
        }
        catch (Exception e) when (e is OperationCanceledException or NpgsqlException or TimeoutException && !ct.IsCancellationRequested)
        {
            log.LogInformation("No duplicates were looked for: {Reason}", e.GetType().Name);
            return [];
        }
    }

    /// <summary>Those with nearly the same words, of the same owner first.</summary>
    public static IReadOnlyList<(Ticket Ticket, double Score)> Choose(Ticket ticket, IEnumerable<SimilarTicket> found) =>
    [
        .. found.Select(like => (like.Ticket, Score: Shared(ticket, like.Ticket))).Where(like => like.Score >= NearlyTheSame)
            .OrderByDescending(like => like.Ticket.AuthorId == ticket.AuthorId).ThenByDescending(like => like.Score).Take(MostShown),
    ];

    // Twice the words in common over the words of both.
    private static double Shared(Ticket one, Ticket other)
    {
        var (mine, theirs) = (WordsOf(one), WordsOf(other));
        return mine.Count + theirs.Count == 0 ? 0 : 2.0 * mine.Count(theirs.Contains) / (mine.Count + theirs.Count);
    }

    private static HashSet<string> WordsOf(Ticket ticket) =>
        [.. Triage.Words.Of(Triage.Limits.Cut($"{ticket.Title}\n{ticket.Description}", Likeness.MostRead)).Select(word => word.Folded)];
}

/// <summary>Answers the opening of a ticket once it is stored.</summary>
public sealed record TicketOpened(Guid TicketId, string Message) : IResponseAware
{
    public static void ConfigureResponse(IChain chain) => chain.UseForResponse(new MethodCall(typeof(TicketOpened), nameof(AnswerAsync)));

    public static async Task<TicketAnswer> AnswerAsync(
        TicketOpened opened, IDocumentSession session, TicketReader reader, PossibleDuplicates duplicates, CurrentUser user, HttpContext http, CancellationToken ct)
    {
        var answer = await TicketChanged.AnswerAsync(new TicketChanged(opened.TicketId, opened.Message, StatusCodes.Status201Created), session, reader, user, http, ct);
        var ticket = (await session.Events.FetchLatest<Ticket>(opened.TicketId, ct))!;
        return answer with { PossibleDuplicates = await duplicates.OfAsync(ticket, user, ct) };
    }
}
