using TicMate.Tickets.Triage;

namespace TicMate.Tickets.Drafting;

/// <summary>How much of a draft is left in what was sent.</summary>
public static class Survival
{
    private const int MostWords = 2_000;

    /// <summary>The words of the draft that were sent, in their order, over all of its words: the longest common subsequence.</summary>
    public static double Of(string draft, string sent)
    {
        var (before, after) = (WordsOf(draft), WordsOf(sent));
        if (before.Length == 0)
            return 0;

        var (row, last) = (new int[after.Length + 1], new int[after.Length + 1]);
        foreach (var word in before)
        {
            (row, last) = (last, row);
            for (var i = 0; i < after.Length; i++)
                row[i + 1] = word == after[i] ? last[i] + 1 : Math.Max(last[i + 1], row[i]);
        }

        return Math.Round((double)row[^1] / before.Length, 4);
    }

    private static string[] WordsOf(string text) => [.. Words.Of(text).Take(MostWords).Select(word => word.Folded)];
}
