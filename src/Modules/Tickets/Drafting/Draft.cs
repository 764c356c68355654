using System.Text.Json;
using Marten;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Similar;
using TicMate.Tickets.Triage;

namespace TicMate.Tickets.Drafting;

/// <summary>What the events of a draft come to.</summary>
public sealed record Draft
{
    public Guid Id { get; init; }
    public Guid TicketId { get; init; }
    public double? Survived { get; init; }

    public static Draft Create(ReplyDrafted e) => new() { Id = e.DraftId, TicketId = e.TicketId };

    public Draft Apply(ReplyDraftUsed e) => this with { Survived = e.Survived };
}

/// <summary>The words of a draft, beside its events so that they can be gone. Once used they are in the reply and here no more.</summary>
public sealed record DraftText
{
    public Guid Id { get; init; }
    public Guid TicketId { get; init; }
    public string Text { get; init; } = "";

    /// <summary>The reply that it became.</summary>
    public Guid? ReplyId { get; init; }
}

/// <summary>A reply that may be sent, after a person has read it.</summary>
/// <param name="Kind">answer, question or unknown.</param>
/// <param name="Confidence">How like the ticket is to what the answer rests on; null where it rests on nothing.</param>
public sealed record DraftReply(string Text, string Kind, string Advisor, IReadOnlyList<SimilarTicket> BasedOn, double? Confidence)
{
    public const string Answer = "answer", Question = "question", Unknown = "unknown";
    public const int MostText = 4_000, MostTickets = 3, MostReplies = 20, MostSolution = 1_500;

    /// <summary>How like a solved ticket must be for its solution to be offered.</summary>
    public const double LikeEnough = 0.5;

    /// <summary>The least number of words that a ticket can be worked on with.</summary>
    private const int Enough = 20;

    private static readonly JsonElement Schema = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "text": { "type": "string" },
            "kind": { "type": "string", "enum": ["answer", "question", "unknown"] },
            "basedOn": { "type": "array", "items": { "type": "integer" } }
          },
          "required": ["text", "kind", "basedOn"],
          "additionalProperties": false
        }
        """);

    /// <summary>Without a model: the solution of the ticket that is most like it; else a question; else that there is none.</summary>
    public static DraftReply BuiltIn(Ticket ticket, IReadOnlyList<SimilarTicket> solved)
    {
        if (solved.FirstOrDefault(like => like.Score >= LikeEnough && like.Solution is not null) is { } best)
            return new(
                $"We have solved something like this before. What helped then:\n\n{Redaction.Mask(Limits.CutAtWord(best.Solution!.Message, MostSolution))}\n\nPlease tell us whether it helps you as well.",
                Answer, "built-in", [best], Math.Round(best.Score, 3));

        // Whoever has been asked already is not asked the same again.
        var isAnswered = ticket.Replies.Any(reply => reply.AuthorId != ticket.AuthorId);
        return !isAnswered && Words.Of($"{ticket.Title} {ticket.Description}").Take(Enough).Count() < Enough
            ? new("Thank you for writing to us. To help you we need to know a little more: what did you do, what happened then, and what did you expect? If there is an error message, please send its words.", Question, "built-in", [], null)
            : new("Thank you for writing to us. We do not know an answer yet; we are looking into it and will come back to you.", Unknown, "built-in", [], null);
    }

    /// <summary>What a model is told: the ticket, what was said on it publicly, and how tickets like it were solved. Nobody's name, no notes.</summary>
    public static ModelQuestion Asked(Ticket ticket, IReadOnlyList<SimilarTicket> solved) => new(
        ModelQuestion.Draft,
        """
        Draft the next reply of the support team to the ticket's owner. Answer with one JSON object:
        "kind": "answer" only if "solved" holds a solution that fits this ticket; "question" if one question to the owner would help more; else "unknown".
        "text": the reply, at most 1500 characters: the solution in other words, or the question, or that the team does not know yet and looks into it.
        "basedOn": the numbers of those tickets in "solved" that the text rests on; empty if none.
        """,
        new
        {
            ticket = Redaction.ForProvider($"{ticket.Title}\n\n{ticket.Description}"), replies = Conversation(ticket),
            solved = Offered(solved).Select(like => new
            {
                number = like.Ticket.Number, problem = Limits.Cut(Redaction.ForProvider($"{like.Ticket.Title}\n\n{like.Ticket.Description}"), MostSolution),
                solution = Limits.Cut(Redaction.ForProvider(like.Solution!.Message), MostSolution),
            }),
        },
        Schema) { TicketId = ticket.Id };

    /// <summary>The public replies, by whose side they are on.</summary>
    public static object[] Conversation(Ticket ticket) =>
    [
        .. ticket.Replies.TakeLast(MostReplies).Where(reply => reply.Message != Ticket.Erased)
            .Select(reply => new { from = reply.AuthorId == ticket.AuthorId ? "owner" : "team", text = Limits.Cut(Redaction.ForProvider(reply.Message), MostSolution) }),
    ];

    /// <summary>Reads a model's answer; null when it is none. Only tickets that it was shown can be what it rests on, and an answer rests on one.</summary>
    public static DraftReply? Read(JsonElement json, string model, Ticket ticket, IReadOnlyList<SimilarTicket> solved)
    {
        var offered = Offered(solved).ToArray();
        var material = string.Join('\n', [ticket.Title, ticket.Description, .. ticket.Replies.Select(r => r.Message), .. offered.Select(like => like.Solution!.Message)]);
        if (Model.Text(json, "text", MostText, material) is not { Length: > 0 } text
            || !json.TryGetProperty("kind", out var kind) || kind.ValueKind is not JsonValueKind.String || kind.GetString() is not (Answer or Question or Unknown)
            || !json.TryGetProperty("basedOn", out var named) || named.ValueKind is not JsonValueKind.Array)
            return null;

        var numbers = named.EnumerateArray().Select(n => n.ValueKind is JsonValueKind.Number && n.TryGetInt32(out var number) ? number : 0).ToHashSet();
        var basedOn = kind.GetString() is Answer ? offered.Where(like => numbers.Contains(like.Ticket.Number)).ToArray() : [];
        return kind.GetString() is Answer && basedOn.Length == 0 ? null
            : new(text, kind.GetString()!, model, basedOn, basedOn.Length == 0 ? null : Math.Round(basedOn.Max(like => like.Score), 3));
    }

    private static IEnumerable<SimilarTicket> Offered(IEnumerable<SimilarTicket> solved) => solved.Where(like => like.Solution is not null).Take(MostTickets);
}
