using System.Data.Common;

namespace TicMate.Tickets.Searching;

/// <summary>An order of a list: by one column, then by number, both in the same direction, so that one comparison of rows says what comes after a page.</summary>
/// <param name="Name">As the wire has it.</param>
/// <param name="Column">What it sorts by.</param>
public sealed record TicketSort(string Name, string Column, bool Descending, SortKey Key)
{
    public static readonly TicketSort Newest = new("-createdAt", "t.created_at", true, SortKey.Time);
    public static readonly TicketSort Oldest = new("createdAt", "t.created_at", false, SortKey.Time);
    public static readonly TicketSort LatestChange = new("-updatedAt", "t.updated_at", true, SortKey.Time);

    // The most urgent first, and of those the one that has waited longest.
    public static readonly TicketSort MostUrgent = new("-priority", "t.urgency", false, SortKey.Number);

    // Tickets without one come last.
    public static readonly TicketSort Deadline = new("deadline", "t.due", false, SortKey.Time);

    public static readonly TicketSort BestMatch = new("-rank", "rank", true, SortKey.Real);

    public static readonly TicketSort[] All = [Newest, Oldest, LatestChange, MostUrgent, Deadline, BestMatch];

    public string Direction => Descending ? "desc" : "asc";

    public string Beyond => Descending ? "<" : ">";

    public long KeyOf(DbDataReader row, int column) => Key switch
    {
        SortKey.Time => row.GetDateTime(column).Ticks / TimeSpan.TicksPerMicrosecond,
        SortKey.Number => row.GetInt32(column),
        _ => BitConverter.SingleToInt32Bits(row.GetFloat(column)),
    };

    /// <summary>The column's value that a key stands for; null when none can.</summary>
    public object? ValueOf(long key) => Key switch
    {
        SortKey.Time => key == DateTime.MaxValue.Ticks / TimeSpan.TicksPerMicrosecond ? DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc)
            : key <= DateTime.MaxValue.Ticks / TimeSpan.TicksPerMicrosecond ? new DateTime(key * TimeSpan.TicksPerMicrosecond, DateTimeKind.Utc) : null,
        SortKey.Number => key <= int.MaxValue ? (int)key : null,
        _ => key <= int.MaxValue && BitConverter.Int32BitsToSingle((int)key) is var real && float.IsFinite(real) ? real : null,
    };
}

public enum SortKey
{
    Time,
    Number,
    Real,
}
