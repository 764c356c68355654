using System.Globalization;
using System.Text;
using TicMate.Tickets.Contracts;

namespace TicMate.Tickets.Triage;

/// <summary>The advisor that needs nobody: it reads words, and says which ones its advice rests on.</summary>
/// <param name="modelFailure">Why the language model did not advise, when one was asked.</param>
public sealed class BuiltInAdvisor(string? modelFailure = null) : ITriageAdvisor
{
    public string Name => BuiltInTriage.Name;

    public Task<TriageAdvice> AdviseAsync(TicketText ticket, Installation installation, CancellationToken ct) =>
        Task.FromResult(BuiltInTriage.Advise(ticket, installation, modelFailure));
}

/// <summary>The built-in advice as a pure function of the ticket's words and what the installation knows.</summary>
public static class BuiltInTriage
{
    public const string Name = "built-in";

    private const int MostRead = 20_000;

    /// <summary>Advice on a ticket. The same input always gives the same advice.</summary>
    public static TriageAdvice Advise(TicketText ticket, Installation installation, string? modelFailure = null)
    {
        var own = $"{ticket.Title}\n{ticket.Description}";
        var text = Words.Readable(Limits.Cut(own, MostRead));
        var words = Words.Of(text).ToArray();
        var history = new History(installation.Learned, text, own);
        var priority = history.Surer(PriorityWords.Read(words, text));
        var skills = SkillWords.Find(words, text, installation);
        string[] reasons = [.. skills.Select(skill => $"{skill.Skill}: {Because(skill, history)}")];
        var elsewhere = SkillWords.Unknown(words, installation);
        var notes = Notes.Clean(Report(modelFailure, priority, skills, reasons, elsewhere), own);
        string[] quotes = [.. skills.SelectMany(history.Quotes).Distinct(StringComparer.OrdinalIgnoreCase).Take(Limits.Quotes)];
        return new(Name,
        [
            new(ProposalField.Priority, [priority.Level], priority.Confidence, priority.Reason, [.. priority.Quotes.Take(Limits.Quotes)]),
            .. history.Category() is { } category ? [category] : (TicketProposal[])[],
            .. skills.Count == 0 ? (TicketProposal[])[]
                : [new(ProposalField.Skills, [.. skills.Select(s => s.Skill)], skills[0].Confidence, Limits.CutAtWord(string.Join("; ", reasons) + ".", Limits.Reason), quotes)],
            new(ProposalField.Notes, [notes], 0.5, "First steps from the reviewed vocabulary for the skills that were found.", quotes),
            new(ProposalField.Summary, [Summarise(ticket)], 0.9, "The title and the beginning of the text, in their own words.", []),
        ]);
    }

    private static string Report(
        string? modelFailure, PriorityReading priority, IReadOnlyList<FoundSkill> skills, IReadOnlyList<string> reasons, IReadOnlyList<string> elsewhere)
    {
        var model = modelFailure is null ? "no language model was asked" : $"the language model did not help ({modelFailure})";
        var notes = new StringBuilder().Append(CultureInfo.InvariantCulture, $"Written by the built-in advisor; {model}.\n\n");
        notes.Append(CultureInfo.InvariantCulture, $"**Priority: {priority.Level}.** {priority.Reason}\n\n");
        if (skills.Count == 0)
            notes.Append("**Skills:** no word of the ticket points at a skill that is known here.\n");
        else
            notes.Append("**Skills**\n\n").AppendJoin('\n', reasons.Select(reason => $"- {reason}")).Append('\n');
        if (elsewhere.Count > 0)
            notes.Append(CultureInfo.InvariantCulture, $"\nAlso looks like: {string.Join(", ", elsewhere)}, which nobody here has.\n");

        var steps = skills.Where(s => s.Words.Count > 0).SelectMany(s => SkillWords.Entry(s.Skill)?.FirstSteps ?? []).Distinct().Take(5).ToArray();
        if (steps.Length > 0)
            notes.Append("\n**First steps that help with tickets of this kind**\n\n").AppendJoin('\n', steps.Select((s, i) => $"{i + 1}. {s}")).Append('\n');
        return notes.ToString();
    }

    private static string Because(FoundSkill skill, History history)
    {
        var reasons = new List<string>();
        if (skill.Words.Count > 0)
            reasons.Add(Quoted(skill.Words));
        if (skill.History is { } confidence)
            reasons.Add(history.Because(ProposalField.Skills, skill.Skill, confidence));
        return string.Join("; ", reasons);
    }

    private static string Quoted(IEnumerable<string> words) => string.Join(", ", words.Take(4).Select(w => $"`{w.Replace('`', '\'')}`"));

    /// <summary>The title and the beginning of the description, in their own words.</summary>
    private static string Summarise(TicketText ticket)
    {
        var (title, description) = (OneLine(ticket.Title), OneLine(ticket.Description));
        var first = FirstSentence(description);
        if (first.StartsWith(title, StringComparison.OrdinalIgnoreCase))
            return Limits.CutAtWord(first, Limits.Summary);
        var end = title.Length > 0 && first.Length > 0 && !".!?…:".Contains(title[^1], StringComparison.Ordinal) ? "." : "";
        return Limits.CutAtWord($"{title}{end} {first}".Trim(), Limits.Summary);
    }

    private static string FirstSentence(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '.' or '!' or '?' && (i + 1 == text.Length || text[i + 1] == ' ') && i > 20)
                return text[..(i + 1)];
        }

        return text;
    }

    private static string OneLine(string text) =>
        string.Join(' ', Words.Readable(Limits.Cut(text, MostRead)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
