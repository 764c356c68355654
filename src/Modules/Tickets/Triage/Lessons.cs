using System.Security.Cryptography;
using System.Text.Json;
using TicMate.Tickets.Contracts;

namespace TicMate.Tickets.Triage;

/// <summary>A ticket that was solved, and what it was in the end: null or empty where nobody said so.</summary>
public sealed record SolvedTicket(int Number, string Text, string[] Skills, string? Category = null, string? Priority = null)
{
    /// <summary>What a completed ticket teaches: of its priority only what somebody decided, for a ticket that nobody judged is medium.</summary>
    public static SolvedTicket Of(Ticket ticket) => new(
        ticket.Number, $"{ticket.Title}\n{ticket.Description}", ticket.RelatedSkills, ticket.Category.Length > 0 ? ticket.Category : null,
        ticket.SetByPeople.Contains(ProposalField.Priority) || ticket.Proposals.Any(p => p is { Field: ProposalField.Priority, State: Proposal.Applied })
            ? ticket.Priority : null);

    public IEnumerable<string> Of(string field) => field switch
    {
        ProposalField.Skills => Skills,
        ProposalField.Category => Category is null ? [] : [Category],
        _ => Priority is null ? [] : [Priority],
    };
}

/// <summary>
/// Everything that solved tickets taught: which words need which skill, category or priority, and which of the tickets are like a new one.
/// The same history teaches the same on every node; <see cref="Version"/> tells whether it was the same.
/// </summary>
public sealed class Lessons
{
    // A name or a reviewed word in the text is good evidence until history has shown otherwise; so many tickets are needed to do so.
    private const double WordsAreRight = 0.7;
    private const int Doubt = 10;
    private const int MostForWords = 1_000;
    private const string Method = "1";

    private readonly Dictionary<string, double> wordsRight;

    private Lessons(
        TextClassifier? skills, TextClassifier? category, TextClassifier? priority, SolvedIndex solved, int tickets, string version, Dictionary<string, double> wordsRight)
    {
        (Skills, Category, Priority) = (skills, category, priority);
        (Solved, Tickets, Version, this.wordsRight) = (solved, tickets, version, wordsRight);
    }

    public TextClassifier? Skills { get; }
    public TextClassifier? Category { get; }
    public TextClassifier? Priority { get; }

    /// <summary>The tickets themselves, as far as one needs to find those that are like another.</summary>
    public SolvedIndex Solved { get; }

    /// <summary>How many tickets there were to learn from.</summary>
    public int Tickets { get; }

    /// <summary>The same for the same history, on whichever node.</summary>
    public string Version { get; }

    /// <summary>Null when there is too little history for any field.</summary>
    public static Lessons? From(IEnumerable<SolvedTicket> history)
    {
        SolvedTicket[] solved = [.. history.Where(t => !string.IsNullOrWhiteSpace(t.Text)).OrderBy(t => t.Number)];
        var (skills, category, priority) = (Train(ProposalField.Skills), Train(ProposalField.Category), Train(ProposalField.Priority));
        return skills is null && category is null && priority is null ? null
            : new(skills, category, priority, new SolvedIndex(solved), solved.Length, VersionOf(solved), WordsRight(solved, skills));

        TextClassifier? Train(string field) => TextClassifier.Train(solved.Select(t => new LabelledText(t.Text, [.. t.Of(field)])));
    }

    public void Write(BinaryWriter to)
    {
        foreach (var classifier in new[] { Skills, Category, Priority })
        {
            to.Write(classifier is not null);
            classifier?.Write(to);
        }

        Solved.Write(to);
        to.Write(Tickets);
        to.Write(Version);
        to.Write([.. wordsRight.Keys]);
        to.Write([.. wordsRight.Values]);
    }

    public static Lessons Read(BinaryReader from)
    {
        return new(Classifier(), Classifier(), Classifier(), SolvedIndex.Read(from), from.ReadInt32(), from.ReadString(),
            from.ReadStrings().Zip(from.ReadDoubles()).ToDictionary(w => w.First, w => w.Second));

        TextClassifier? Classifier() => from.ReadBoolean() ? TextClassifier.Read(from) : null;
    }

    /// <summary>
    /// Of so many completed tickets, how many are learned from. It moves in steps of a twentieth, and depends on nothing but the history: nodes that
    /// look at different times learn from the same tickets.
    /// </summary>
    public static int Size(int completed)
    {
        var size = 0;
        while (Step(size) <= completed - size)
            size += Step(size);
        return size;

        static int Step(int size) => Math.Max(10, size / 20);
    }

    /// <summary>How often a ticket that says the skill's name, or a reviewed word for it, needed the skill.</summary>
    public static double SureOfWords(Lessons? lessons, string skill) =>
        lessons is null ? WordsAreRight : lessons.wordsRight.GetValueOrDefault(Words.Fold(skill), WordsAreRight);

    private static Dictionary<string, double> WordsRight(SolvedTicket[] history, TextClassifier? skills)
    {
        var some = history.Where((t, i) => t.Skills.Length > 0 && i % (1 + (history.Length - 1) / MostForWords) == 0)
            .Select(t => (Words: Words.Of(t.Text).ToArray(), Skills: t.Skills.Select(Words.Fold).ToHashSet())).ToArray();
        return (skills?.Labels ?? []).ToDictionary(Words.Fold, skill =>
        {
            var said = some.Where(t => SkillWords.Phrases(skill).Any(p => p.In(t.Words).Any())).ToArray();
            return (WordsAreRight * Doubt + said.Count(t => t.Skills.Contains(Words.Fold(skill)))) / (Doubt + said.Length);
        });
    }

    private static string VersionOf(SolvedTicket[] history)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes(Method));
        foreach (var ticket in history)
            hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(ticket));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
    }
}
