using System.Collections.Frozen;

namespace TicMate.Tickets.Contracts;

/// <summary>Where a ticket stands. The words are those of the wire and of the database, so nothing has to be translated.</summary>
public static class Status
{
    public const string Todo = "todo";
    public const string InProgress = "in_progress";
    public const string Waiting = "waiting";
    public const string Completed = "completed";

    public static readonly FrozenSet<string> Words = [Todo, InProgress, Waiting, Completed];

    // What the original API's clients may also say.
    private static readonly FrozenDictionary<string, string> Aliases =
        new Dictionary<string, string> { ["resolved"] = Completed, ["open"] = Todo, ["pending"] = Todo }.ToFrozenDictionary();

    public static readonly FrozenSet<string> WordsAndAliases = [.. Words, .. Aliases.Keys];

    public static string Of(string word) => Aliases.GetValueOrDefault(word, word);

    /// <summary>Where a ticket may go from here. Every step among the open ones is legal; a completed ticket can only be reopened.</summary>
    public static string[] After(string status) => status is Completed ? [Todo, InProgress] : [.. Words.Where(w => w != status).Order(StringComparer.Ordinal)];
}

/// <summary>How much it matters.</summary>
public static class Priority
{
    public const string Low = "low";
    public const string Medium = "medium";
    public const string High = "high";
    public const string Urgent = "urgent";

    public static readonly FrozenSet<string> Words = [Low, Medium, High, Urgent];

    private static readonly string[] MostUrgentFirst = [Urgent, High, Medium, Low];

    /// <summary>A number to sort by: the most urgent comes first.</summary>
    public static int Urgency(string word) => Array.IndexOf(MostUrgentFirst, word);
}

/// <summary>What somebody can do; free text, compared without case.</summary>
public static class Skill
{
    /// <summary>Equal for skills that are the same.</summary>
    public static string Key(string skill) => skill.ToUpperInvariant();
}

/// <summary>What one ticket is to another.</summary>
public static class LinkKind
{
    public const string Related = "related";
    public const string Duplicate = "duplicate";
    public const string Blocks = "blocks";

    /// <summary>What a person may say.</summary>
    public static readonly FrozenSet<string> Words = [Related, Duplicate, Blocks];

    /// <summary>The same, said of the other ticket.</summary>
    public static string Of(string kind) => kind switch { Duplicate => "duplicated_by", Blocks => "blocked_by", _ => kind };
}

/// <summary>What the agent proposes values for.</summary>
public static class ProposalField
{
    public const string Priority = "priority";
    public const string Category = "category";
    public const string Skills = "skills";
    public const string Notes = "notes";
    public const string Summary = "summary";

    public static readonly FrozenSet<string> Words = [Priority, Category, Skills, Notes, Summary];
}
