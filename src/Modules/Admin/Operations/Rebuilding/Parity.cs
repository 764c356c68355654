namespace TicMate.Admin.Operations.Rebuilding;

/// <summary>What was read compared with what the events say, at one and the same moment.</summary>
/// <param name="Rows">How many rows or documents there were.</param>
/// <param name="Rebuilt">How many the events give.</param>
/// <param name="Missing">How many of those were not there.</param>
/// <param name="Extra">How many were there without a reason.</param>
/// <param name="Changed">How many said something else.</param>
public sealed record Parity(string Table, long Rows, long Rebuilt, long Missing, long Extra, long Changed)
{
    public long Differences => Missing + Extra + Changed;
}
