namespace TicMate.Tickets.Triage;

/// <summary>How long advice may be, and how a text is shortened.</summary>
public static class Limits
{
    public const int Summary = 500;
    public const int Notes = 4_000;
    public const int Skills = 10;
    public const int Skill = 50;
    public const int Category = 100;
    public const int Reason = 300;
    public const int Quotes = 5;
    public const int Quote = 200;

    /// <summary>The beginning of a text, never half of a character that takes two places.</summary>
    public static string Cut(string text, int most) =>
        text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];

    /// <summary>The beginning of a text up to a blank, with an ellipsis where something is missing.</summary>
    public static string CutAtWord(string text, int most)
    {
        if (text.Length <= most)
            return text;
        var cut = Cut(text, most - 1);
        var blank = cut.LastIndexOf(' ');
        return (blank > most / 2 ? cut[..blank] : cut).TrimEnd() + "…";
    }
}
