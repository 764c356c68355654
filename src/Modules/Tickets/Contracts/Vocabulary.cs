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
