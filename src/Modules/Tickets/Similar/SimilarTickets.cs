using System.Text.Json.Serialization;
using Marten;
using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Reading;
using TicMate.Tickets.Searching;

namespace TicMate.Tickets.Similar;

/// <summary>A ticket that was found, as it is in the database.</summary>
/// <param name="Score">How like it is, from 0 to 1.</param>
/// <param name="Terms">The stems of the words that it shares, the most telling first.</param>
/// <param name="MergedAuthors">Who opened the tickets that were merged into it: they write on it, and are no staff there.</param>
public sealed record SimilarTicket(Ticket Ticket, double Score, string[] Terms, Guid[] MergedAuthors)
{
    /// <summary>What staff said last before the ticket was completed, which is as near to a solution as the words come.</summary>
    public Ticket.Reply? Solution => Ticket.Replies.LastOrDefault(reply =>
        reply.AuthorId != Ticket.AuthorId && !MergedAuthors.Contains(reply.AuthorId) && !(reply.CreatedAt > Ticket.CompletedAt) && reply.Message != Ticket.Erased);
}

/// <summary>What one needs to know of a ticket to recognise it.</summary>
public sealed record TicketMention(Guid Id, int Number, string Title, string Status, string Priority, string Category, PersonView CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt)
{
    [JsonPropertyName("_id")]
    public Guid UnderscoreId => Id;
}

/// <param name="By">Who said it.</param>
public sealed record SolutionView(string Text, PersonView By, DateTimeOffset At);

/// <param name="Solution">The last public reply of staff before the ticket was completed; null where nobody said anything.</param>
public sealed record SimilarView(TicketMention Ticket, double Score, string[] MatchedTerms, SolutionView? Solution);

public sealed record SimilarAnswer(IReadOnlyList<SimilarView> Similar) : Answer;

/// <summary>Finds tickets about the same thing, by their words.</summary>
public sealed class SimilarTickets(TicketLists lists, Trigrams trigrams, TicketEmbeddings embeddings, IPeople people, IDocumentStore store, IOptions<TicketsOptions> options)
{
    public const int DefaultLimit = 5, LargestLimit = 20;

    public async Task<List<SimilarTicket>> SolvedAsync(Likeness like, int limit, CancellationToken ct) =>
        await lists.ReadPlannedAsync(
            SimilarSql.Solved(lists.Schema, await trigrams.SchemaAsync(ct), await embeddings.OfAsync(like, ct), like, await TellingAsync(like, ct), limit), Read, options.Value.ListTimeout, ct);

    public async Task<List<SimilarTicket>> CurrentAsync(Likeness like, DateTimeOffset since, Guid first, int limit, TimeSpan most, CancellationToken ct) =>
        await lists.ReadPlannedAsync(SimilarSql.Current(lists.Schema, like, await TellingAsync(like, ct), since, first, limit), Read, most, ct);

    /// <summary>The words that the text is looked for by.</summary>
    public async Task<TellingWords> TellingAsync(Likeness like, CancellationToken ct) => TellingWords.Choose(
        await lists.ReadAsync(SimilarSql.Stems(lists.Schema, like), row => new Stem(row.GetString(0), row.GetBoolean(1)), ct), await lists.WordsAsync(ct));

    /// <summary>Owners find among their own tickets only.</summary>
    public async Task<SimilarAnswer> AnswerAsync(string title, string description, Guid? except, int limit, CurrentUser user, CancellationToken ct)
    {
        var found = await SolvedAsync(new Likeness(title, description, except, user.IsStaff ? null : user.Id), limit, ct);
        var names = await people.NamesAsync([.. found.SelectMany(like => new[] { like.Ticket.AuthorId, like.Solution?.AuthorId ?? like.Ticket.AuthorId }).Distinct()], ct);
        return new([.. found.Select(like => View(like, $"{title} {description}", names))]);
    }

    public static TicketMention Mention(Ticket t, IReadOnlyDictionary<Guid, string> names) =>
        new(t.Id, t.Number, t.Title, t.Status, t.Priority, t.Category, new(t.AuthorId, names[t.AuthorId]), t.CreatedAt, t.CompletedAt);

    private static SimilarView View(SimilarTicket like, string text, IReadOnlyDictionary<Guid, string> names) => new(
        Mention(like.Ticket, names), Math.Round(like.Score, 3), TermWords.Spelled(like.Terms, text),
        like.Solution is { } said ? new(said.Message, new(said.AuthorId, names[said.AuthorId]), said.CreatedAt) : null);

    private SimilarTicket Read(System.Data.Common.DbDataReader row) => new(
        store.Options.Serializer().FromJson<Ticket>(row, 0) with { Version = row.GetInt32(1) }, row.IsDBNull(2) ? 0 : Math.Clamp(row.GetDouble(2), 0, 1),
        row.IsDBNull(3) ? [] : row.GetFieldValue<string[]>(3), row.GetFieldValue<Guid[]>(4));
}

/// <summary>The database works with stems; people know words.</summary>
public static class TermWords
{
    /// <summary>Each stem as the text writes it, where that can be told; else the stem.</summary>
    public static string[] Spelled(IEnumerable<string> stems, string text)
    {
        var words = Triage.Words.Of(text).Select(word => word.Folded).Distinct().ToArray();
        return [.. stems.Select(stem => Spelled(stem, words)).Distinct()];
    }

    // An English stem may end otherwise than its word: happi, happy.
    private static string Spelled(string stem, string[] words) =>
        Array.Find(words, word => word == stem) ?? Shortest(words.Where(word => word.StartsWith(stem, StringComparison.Ordinal)))
        ?? (stem.Length > 3 && stem[^1] == 'i' ? Shortest(words.Where(word => word.StartsWith(stem[..^1] + "y", StringComparison.Ordinal))) : null) ?? stem;

    private static string? Shortest(IEnumerable<string> words) => words.MinBy(word => word.Length);
}
