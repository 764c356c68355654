using System.Text.Json;
using System.Text.RegularExpressions;
using TicMate.Tickets.Contracts;

namespace TicMate.Tickets.Triage;

/// <summary>
/// The model answered, but not with advice: no JSON object, a member twice, too deep, or no field of it usable.
/// The message says which rule was broken and never quotes the answer, which may repeat the ticket or worse.
/// </summary>
public sealed class InvalidAnswerException(string rule) : Exception($"The model's answer is not usable: {rule}.");

/// <summary>
/// What is taken from a model's answer, after every rule on it was checked. A field that breaks a rule is dropped, and the others stand;
/// nothing else in the answer has any effect.
/// </summary>
public static partial class ModelAnswer
{
    private static readonly string[] FieldsThatNeedAQuote = [ProposalField.Priority, ProposalField.Category];
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    /// <param name="sent">The text that the model saw: what it quotes must stand in it.</param>
    /// <param name="linkable">The text whose hosts may be linked to; that which was sent, unless said otherwise.</param>
    /// <exception cref="InvalidAnswerException">The answer is not advice.</exception>
    public static TicketProposal[] Parse(string answer, string sent, Installation installation, string? linkable = null)
    {
        try
        {
            using var json = JsonDocument.Parse(WithoutFence(answer), Strict);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                throw new InvalidAnswerException("it is not a JSON object");

            var reading = new Reading(OneLine(sent), linkable ?? sent, installation);
            TicketProposal[] proposals =
            [
                .. Fields.Select(field => json.RootElement.TryGetProperty(field, out var member) ? reading.Proposal(field, member) : null).OfType<TicketProposal>(),
            ];
            return proposals.Length > 0 ? proposals : throw new InvalidAnswerException("no field of it is usable");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Its message may quote the answer, so it is not kept as a cause. Half of a surrogate pair in a name is the other exception.
            throw new InvalidAnswerException("it is not strict JSON");
        }
    }

    /// <summary>The fields a model is asked for, in the order of proposals.</summary>
    public static readonly string[] Fields = [ProposalField.Priority, ProposalField.Category, ProposalField.Skills, ProposalField.Notes, ProposalField.Summary];

    private sealed record Reading(string Folded, string Linkable, Installation Installation)
    {
        public TicketProposal? Proposal(string field, JsonElement json)
        {
            if (json.ValueKind != JsonValueKind.Object || Value(field, json) is not { Length: > 0 } value || Confidence(json) is not { } confidence
                || Reason(json) is not { } reason || Quotes(json) is not { } quotes || (quotes.Length == 0 && FieldsThatNeedAQuote.Contains(field)))
                return null;
            return new(field, value, confidence, reason, quotes);
        }

        private string[]? Value(string field, JsonElement json)
        {
            if (!json.TryGetProperty("value", out var value))
                return null;
            if (field is ProposalField.Skills)
                return SkillsOf(value);

            var text = TextOf(value);
            text = field switch
            {
                ProposalField.Priority => text is not null && Contracts.Priority.Words.Contains(text) ? text : null,
                ProposalField.Category => text is { Length: <= Limits.Category } && !text.Contains('\n', StringComparison.Ordinal) && IsPlain(text) ? text : null,
                ProposalField.Notes => text is { Length: <= Limits.Notes } ? Notes.Clean(text, Linkable) : null,
                _ => text is { Length: <= Limits.Summary } && IsPlain(text) ? OneLine(text) : null,
            };
            return string.IsNullOrWhiteSpace(text) ? null : [text];
        }

        private string[]? SkillsOf(JsonElement skills)
        {
            if (skills.ValueKind != JsonValueKind.Array)
                return null;
            string?[] named = [.. skills.EnumerateArray().Select(TextOf)];
            if (named.Contains(null))
                return null;

            var own = SkillWords.Known(Installation).ToDictionary(Words.Fold);
            return [.. named.Select(s => own.GetValueOrDefault(Words.Fold(s!))).OfType<string>().Distinct().Take(Limits.Skills)];
        }

        private static double? Confidence(JsonElement json) =>
            json.TryGetProperty("confidence", out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var sure) && sure is >= 0 and <= 1 ? sure : null;

        // A reason that is more than words is left out; the value does not hang on it.
        private string? Reason(JsonElement json)
        {
            if (!json.TryGetProperty("reason", out var value) || value.ValueKind == JsonValueKind.Null)
                return "";
            return TextOf(value) is { } text ? IsPlain(text) ? Limits.CutAtWord(OneLine(text), Limits.Reason) : "" : null;
        }

        // An article, or the word that stands where something was masked, carries no proposal.
        private static bool SaysSomething(string words) =>
            !words.StartsWith('[') && (words.Count(char.IsLetterOrDigit) >= 4 || words.Any(letter => letter >= '\u2E80'));

        // The words as the ticket has them, not as the model has.
        private string[]? Quotes(JsonElement json)
        {
            if (!json.TryGetProperty("quotes", out var list) || list.ValueKind == JsonValueKind.Null)
                return [];
            if (list.ValueKind != JsonValueKind.Array)
                return null;

            var quotes = new List<string>();
            foreach (var quote in list.EnumerateArray().Take(Limits.Quotes))
            {
                if (TextOf(quote) is not { } text || OneLine(text) is not { Length: > 1 } words || !words.Any(char.IsLetterOrDigit))
                    return null;
                var at = Folded.IndexOf(words, StringComparison.OrdinalIgnoreCase);
                if (at < 0)
                    return null;
                if (SaysSomething(words))
                    quotes.Add(Limits.Cut(Folded.Substring(at, words.Length), Limits.Quote));
            }

            return [.. quotes.Distinct()];
        }

        // No markup, and no address of a host that the ticket does not name.
        private bool IsPlain(string text) =>
            !Markup.IsMatch(Words.Readable(text)) && Notes.HostsIn(text).IsSubsetOf(Notes.HostsIn(Linkable)) && (!text.Contains("://", StringComparison.Ordinal) || Notes.HostsIn(text).Count > 0);
    }

    private static string? TextOf(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            return string.Concat(value.GetString()!.Where(c => c is '\n' or '\t' || !char.IsControl(c))).Trim();
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, which is JSON but not text.
            return null;
        }
    }

    private static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string WithoutFence(string answer)
    {
        var text = answer.Trim();
        if (!text.StartsWith("```", StringComparison.Ordinal) || !text.EndsWith("```", StringComparison.Ordinal) || text.Length < 6)
            return text;
        var firstLine = text.IndexOf('\n', StringComparison.Ordinal);
        return firstLine < 0 || firstLine > text.Length - 3 ? text : text[(firstLine + 1)..^3];
    }

    [GeneratedRegex(@"<[\p{L}/!?]|&#|\]\(|javascript:|data:", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex Markup { get; }
}
