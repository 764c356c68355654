using System.Text.Json;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Reading;
using TicMate.Tickets.Triage;

namespace TicMate.Tickets.Drafting;

public sealed record SummarizeTicket;

/// <param name="CoversVersion">The version of the ticket that it is about.</param>
/// <param name="Participants">Whose words it is made of.</param>
public sealed record SummaryView(string Problem, string[] Tried, string[] OpenQuestions, string NextStep, int CoversVersion, string Advisor, IReadOnlyList<PersonView> Participants);

public sealed record SummaryAnswer(SummaryView Summary) : Answer;

/// <summary>A long conversation in short.</summary>
public sealed record Digest(string Problem, string[] Tried, string[] OpenQuestions, string NextStep, string Advisor)
{
    private const int MostText = 600, MostEntries = 8;

    private static readonly JsonElement Schema = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "problem": { "type": "string" },
            "tried": { "type": "array", "items": { "type": "string" } },
            "openQuestions": { "type": "array", "items": { "type": "string" } },
            "nextStep": { "type": "string" }
          },
          "required": ["problem", "tried", "openQuestions", "nextStep"],
          "additionalProperties": false
        }
        """);

    /// <summary>Without a model: the sentences of the conversation itself.</summary>
    public static Digest BuiltIn(Ticket ticket)
    {
        var said = ticket.Replies.Where(reply => reply.Message != Ticket.Erased).ToArray();
        var team = said.Where(reply => reply.AuthorId != ticket.AuthorId).ToArray();
        string[] open = [.. Unanswered(said, ticket.AuthorId).Select(s => Limits.CutAtWord(s, MostText))];
        var last = said.Length == 0 ? LastWord.Nobody : said[^1].AuthorId == ticket.AuthorId ? LastWord.Owner : LastWord.Team;
        return new(
            Limits.CutAtWord($"{ticket.Title}: {Sentences(ticket.Description).FirstOrDefault() ?? ""}".TrimEnd(':', ' '), MostText),
            [.. team.SkipLast(1).TakeLast(MostEntries).Select(reply => Sentences(reply.Message).FirstOrDefault()).OfType<string>().Select(s => Limits.CutAtWord(s, MostText))],
            open, Limits.CutAtWord(WhatNext.Of(ticket.Status, last, ticket.AssigneeId is not null, open.FirstOrDefault()), MostText), "built-in");
    }

    public static ModelQuestion Asked(Ticket ticket) => new(
        ModelQuestion.Summary,
        """
        Summarize the conversation for a colleague who takes over. Answer with one JSON object:
        "problem": what is wrong and for whom, at most 2 sentences; "tried": what was tried, and what came of it; "openQuestions": what was asked and
        not answered; "nextStep": what the team should do next, or empty if nothing follows. At most 8 entries, each at most 300 characters.
        """,
        new { ticket = Redaction.ForProvider($"{ticket.Title}\n\n{ticket.Description}"), status = ticket.Status, replies = DraftReply.Conversation(ticket) }, Schema) { TicketId = ticket.Id };

    public static Digest? Read(JsonElement json, string model, Ticket ticket)
    {
        var material = string.Join('\n', [ticket.Title, ticket.Description, .. ticket.Replies.Select(r => r.Message)]);
        return Model.Text(json, "problem", MostText, material) is { Length: > 0 } problem && Model.Texts(json, "tried", MostEntries, MostText, material) is { } tried
            && Model.Texts(json, "openQuestions", MostEntries, MostText, material) is { } open && Model.Text(json, "nextStep", MostText, material) is { } next
            ? new(problem, tried, open, next, model) : null;
    }

    // A question is open as long as the other side has said nothing after it.
    private static IEnumerable<string> Unanswered(Ticket.Reply[] said, Guid owner) => said.Length == 0 ? []
        : said.Reverse().TakeWhile(reply => (reply.AuthorId == owner) == (said[^1].AuthorId == owner)).Reverse()
            .SelectMany(reply => Sentences(reply.Message).Where(s => s.EndsWith('?'))).TakeLast(MostEntries);

    private static IEnumerable<string> Sentences(string text)
    {
        var start = 0;
        for (var i = 0; i < text.Length; i++)
            if (text[i] == '\n' || (text[i] is '.' or '!' or '?' && (i + 1 == text.Length || char.IsWhiteSpace(text[i + 1]))))
            {
                if (text[start..(i + 1)].Trim() is { Length: > 0 } sentence)
                    yield return sentence;
                start = i + 1;
            }

        if (text[start..].Trim() is { Length: > 0 } rest)
            yield return rest;
    }
}

public static class SummarizeTicketEndpoint
{
    public static Task<Ticket?> LoadAsync(Guid ticketId, IQuerySession session, CancellationToken ct) => session.LoadAsync<Ticket>(ticketId, ct);

    public static ProblemDetails Validate(Ticket? ticket, CurrentUser user) => TicketGuard.Unseen(ticket, user) ?? TicketGuard.NotStaff(user) ?? WolverineContinue.NoProblems;

    /// <summary>The public conversation in short. It is kept nowhere: another version has another one.</summary>
    [WolverinePost("/api/tickets/{ticketId}/summary")]
    [ProducesResponseType<SummaryAnswer>(200), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<SummaryAnswer> Post(SummarizeTicket _, Ticket? ticket, Model model, IPeople people, CancellationToken ct)
    {
        var digest = await model.AskAsync(Digest.Asked(ticket!), json => Digest.Read(json, model.Name, ticket!), ct) ?? Digest.BuiltIn(ticket!);
        var writers = ticket!.Replies.Select(reply => reply.AuthorId).Prepend(ticket.AuthorId).Distinct().ToArray();
        var names = await people.NamesAsync(writers, ct);
        return new(new(digest.Problem, digest.Tried, digest.OpenQuestions, digest.NextStep, ticket.Version, digest.Advisor, [.. writers.Select(id => new PersonView(id, names[id]))]));
    }
}
