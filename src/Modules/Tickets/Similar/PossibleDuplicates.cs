using System.Text.Json.Serialization;
using JasperFx.CodeGeneration.Frames;
using Marten;
using Microsoft.Extensions.Options;
using Npgsql;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Reading;
using TicMate.Tickets.Searching;
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

/// <summary>What two tickets are compared by.</summary>
public sealed record Wording(Guid Id, int Number, Guid AuthorId, string Title, string Description);

/// <summary>
/// Looks whether a ticket was opened before. A hint: it may take no long time, what goes wrong is no hint, and where more tickets are opened
/// than the machine can look for, tickets come first.
/// </summary>
public sealed class PossibleDuplicates(SimilarTickets similar, TicketLists lists, IPeople people, TimeProvider clock, IOptions<TicketsOptions> options, ILogger<PossibleDuplicates> log) : IDisposable
{
    private const int MostOwn = 20, MostFound = 20, MostShown = 5;
    private const double NearlyTheSame = 0.6;
    private static readonly TimeSpan Recent = TimeSpan.FromDays(30);
    private readonly TimeSpan most = options.Value.DuplicatesTimeout;
    private readonly SemaphoreSlim searches = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>The own ones first; owners see no others.</summary>
    public async Task<IReadOnlyList<DuplicateView>> OfAsync(Ticket ticket, CurrentUser user, CancellationToken ct)
    {
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(ct);
        soon.CancelAfter(most);
        try
        {
            var mine = new Wording(ticket.Id, ticket.Number, ticket.AuthorId, ticket.Title, ticket.Description);
            var alike = Choose(mine, user.IsStaff ? await EverybodysAsync(mine, soon.Token) : await OwnAsync(mine, soon.Token));
            var names = await people.NamesAsync([.. alike.Select(a => a.Ticket.AuthorId).Distinct()], soon.Token);
            return [.. alike.Select(a => new DuplicateView(a.Ticket.Id, a.Ticket.Number, a.Ticket.Title, Math.Round(a.Score, 3), new(a.Ticket.AuthorId, names[a.Ticket.AuthorId])))];
        }
        catch (Exception e) when (e is OperationCanceledException or NpgsqlException or TimeoutException or TooSlowException && !ct.IsCancellationRequested)
        {
            log.LogInformation("No duplicates were looked for: {Reason}", e.GetType().Name);
            return [];
        }
    }

    /// <summary>Those with nearly the same words, of the same owner first.</summary>
    public static IReadOnlyList<(Wording Ticket, double Score)> Choose(Wording ticket, IEnumerable<Wording> found)
    {
        var words = WordsOf(ticket);
        return
        [
            .. found.Select(like => (like, Score: Shared(words, WordsOf(like)))).Where(like => like.Score >= NearlyTheSame)
                .OrderByDescending(like => like.like.AuthorId == ticket.AuthorId).ThenByDescending(like => like.Score).Take(MostShown),
        ];
    }

    // Everybody's tickets are searched, which takes the database some milliseconds.
    private async Task<IEnumerable<Wording>> EverybodysAsync(Wording ticket, CancellationToken ct)
    {
        if (!await searches.WaitAsync(TimeSpan.Zero, ct))
            return [];

        try
        {
            var like = new Likeness(ticket.Title, ticket.Description, ticket.Id, null);
            var found = await similar.CurrentAsync(like, clock.GetUtcNow() - Recent, ticket.AuthorId, MostFound, most, ct);
            return found.Select(f => new Wording(f.Ticket.Id, f.Ticket.Number, f.Ticket.AuthorId, f.Ticket.Title, f.Ticket.Description));
        }
        finally
        {
            searches.Release();
        }
    }

    // A person's newest tickets are few enough to be compared one by one.
    private async Task<IEnumerable<Wording>> OwnAsync(Wording ticket, CancellationToken ct)
    {
        var sql = new TicketSql(lists.Schema);
        sql.As($"""
            select t.id, t.number, t.data ->> 'title', t.data ->> 'description' from {sql.Tickets} t
            where t.author_id = {sql.Value(ticket.AuthorId)} and t.id <> {sql.Value(ticket.Id)} and t.deleted_at is null and (t.is_open or t.created_at >= {sql.Value(clock.GetUtcNow() - Recent)})
                and t.data ->> 'mergedInto' is null and t.data ->> 'isErased' is distinct from 'true'
            order by t.created_at desc, t.number desc limit {MostOwn}
            """);
        return await lists.ReadAsync(sql, row => new Wording(row.GetGuid(0), row.GetInt32(1), ticket.AuthorId, row.GetString(2), row.GetString(3)), ct);
    }

    // Twice the words in common over the words of both.
    private static double Shared(HashSet<string> mine, HashSet<string> theirs) =>
        mine.Count + theirs.Count == 0 ? 0 : 2.0 * mine.Count(theirs.Contains) / (mine.Count + theirs.Count);

    private static HashSet<string> WordsOf(Wording ticket) =>
        [.. Triage.Words.Of(Triage.Limits.Cut($"{ticket.Title}\n{ticket.Description}", Likeness.MostRead)).Select(word => word.Folded)];

    public void Dispose() => searches.Dispose();
}

/// <summary>Answers the opening of a ticket once it is stored.</summary>
public sealed record TicketOpened(Guid TicketId, string Message) : IResponseAware
{
    public static void ConfigureResponse(IChain chain) => chain.UseForResponse(new MethodCall(typeof(TicketOpened), nameof(AnswerAsync)));

    public static async Task<TicketAnswer> AnswerAsync(
        TicketOpened opened, IDocumentSession session, TicketReader reader, PossibleDuplicates duplicates, CurrentUser user, HttpContext http, CancellationToken ct)
    {
        var ticket = (await session.Events.FetchLatest<Ticket>(opened.TicketId, ct))!;
        var answer = await TicketAnswer.OfAsync(ticket, opened.Message, StatusCodes.Status201Created, reader, user, http, ct);
        return answer with { PossibleDuplicates = await duplicates.OfAsync(ticket, user, ct) };
    }
}
