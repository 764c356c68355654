using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace TicMate.Tickets.Searching;

/// <summary>Where a page ended, in one order of a list. Opaque to clients.</summary>
public sealed record TicketCursor(string Sort, long Key, int Number)
{
    public override string ToString() => Base64Url.EncodeToString(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Sort}.{Key}.{Number}")));

    /// <summary>The cursor, if it is one of this order.</summary>
    public static TicketCursor? Parse(string text, TicketSort sort)
    {
        Span<byte> bytes = stackalloc byte[64];
        if (text.Length is 0 or > 80 || !Base64Url.IsValid(text) || !Base64Url.TryDecodeFromChars(text, bytes, out var length))
            return null;

        var parts = Encoding.ASCII.GetString(bytes[..length]).Split('.');
        return parts.Length == 3 && parts[0] == sort.Name
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var key) && sort.ValueOf(key) is not null
            && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new TicketCursor(sort.Name, key, number) : null;
    }
}
