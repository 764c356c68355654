using System.Text.Json;

namespace TicMate.Tickets.Triage;

/// <summary>
/// The model answered, but not with advice: no JSON, a member missing, of the wrong kind or too long, a priority that is none.
/// The message says which rule was broken and never quotes the answer, which may repeat the ticket or worse.
/// </summary>
public sealed class InvalidAnswerException(string rule) : Exception($"The model's answer is not usable: {rule}.");

/// <summary>What is taken from a model's answer, after every rule on it was checked. Nothing else in the answer has any effect.</summary>
public sealed record ModelAnswer(string Priority, string[] Skills, string Notes, string Summary)
{
    private static readonly string[] Priorities = ["low", "medium", "high", "urgent"];
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    /// <exception cref="InvalidAnswerException">The answer is not advice.</exception>
    public static ModelAnswer Parse(string answer, TicketText ticket, Installation installation)
    {
        try
        {
            using var json = JsonDocument.Parse(WithoutFence(answer), Strict);
            return Read(json.RootElement, ticket, installation);
        }
        catch (JsonException)
        {
            // Its message may quote the answer, so it is not kept as a cause.
            throw new InvalidAnswerException("it is not strict JSON");
        }
    }

    private static ModelAnswer Read(JsonElement json, TicketText ticket, Installation installation)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new InvalidAnswerException("it is not a JSON object");

        var priority = Text(json, "priority", 20);
        if (!Priorities.Contains(priority))
            throw new InvalidAnswerException("the priority is none of low, medium, high, urgent");

        var summary = string.Join(' ', Text(json, "summary", Limits.Summary).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        var notes = TicMate.Tickets.Triage.Notes.Clean(Text(json, "notes", Limits.Notes), $"{ticket.Title}\n{ticket.Description}");
        return new(priority, SkillsOf(json, installation), notes, summary);
    }

    private static string[] SkillsOf(JsonElement json, Installation installation)
    {
        if (!json.TryGetProperty("skills", out var skills) || skills.ValueKind != JsonValueKind.Array)
            throw new InvalidAnswerException("skills is not a list");
        if (skills.EnumerateArray().Any(s => s.ValueKind != JsonValueKind.String))
            throw new InvalidAnswerException("a skill is not a text");

        var own = SkillWords.Known(installation).ToDictionary(Words.Fold);
        return [.. skills.EnumerateArray().Select(s => own.GetValueOrDefault(Words.Fold(StringOf(s, "a skill")))).OfType<string>().Distinct().Take(Limits.Skills)];
    }

    private static string Text(JsonElement json, string member, int most)
    {
        if (!json.TryGetProperty(member, out var value) || value.ValueKind != JsonValueKind.String)
            throw new InvalidAnswerException($"{member} is not a text");
        var text = Printable(StringOf(value, member));
        return text.Length <= most ? text : throw new InvalidAnswerException($"{member} is longer than {most} characters");
    }

    private static string StringOf(JsonElement value, string member)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, which is JSON but not text.
            throw new InvalidAnswerException($"{member} is not Unicode");
        }
    }

    private static string Printable(string text) => string.Concat(text.Where(c => c is '\n' or '\t' || !char.IsControl(c))).Trim();

    private static string WithoutFence(string answer)
    {
        var text = answer.Trim();
        if (!text.StartsWith("```", StringComparison.Ordinal) || !text.EndsWith("```", StringComparison.Ordinal) || text.Length < 6)
            return text;
        var firstLine = text.IndexOf('\n', StringComparison.Ordinal);
        return firstLine < 0 || firstLine > text.Length - 3 ? text : text[(firstLine + 1)..^3];
    }
}
