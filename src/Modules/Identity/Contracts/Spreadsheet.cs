namespace TicMate.Identity.Contracts;

/// <summary>Tables that people open in a spreadsheet.</summary>
public static class Spreadsheet
{
    /// <summary>A cell that no spreadsheet takes for a formula. What cannot be seen in front of it makes no difference.</summary>
    public static string Harmless(string cell) =>
        cell.TrimStart('\uFEFF', '\u200B', '\u200C', '\u200D', '\u2060') is ['=' or '+' or '-' or '@' or '\t' or '\r' or '\n' or '\uFF1D' or '\uFF0B' or '\uFF0D' or '\uFF20', ..] ? "'" + cell : cell;
}
