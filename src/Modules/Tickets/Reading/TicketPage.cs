using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Marten;
using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Reading;

/// <summary>One page of a list; <c>next</c> is the cursor of the page after it, null on the last.</summary>
public sealed record TicketPageAnswer(IReadOnlyList<TicketView> Tickets, string? Next) : Answer;

/// <summary>Which page of a list is asked for. Anything that is not understood is a fault, never ignored.</summary>
public sealed record TicketPage(int Limit, bool NewestFirst, TicketCursor? After)
{
    private const int DefaultLimit = 25, LargestLimit = 100;

    public static (TicketPage, ProblemDetails) Read(IQueryCollection query)
    {
        var faults = new Faults();
        var page = new TicketPage(DefaultLimit, true, null);
        foreach (var (name, values) in query)
        {
            if (values.Count != 1)
                faults.Add(name, $"{name} may be given once.");

            page = (name, values[0] ?? "") switch
            {
                ("limit", var text) when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= LargestLimit =>
                    page with { Limit = limit },
                ("limit", _) => Fault($"limit must be a number from 1 to {LargestLimit}."),
                ("sort", "-createdAt") => page with { NewestFirst = true },
                ("sort", "createdAt") => page with { NewestFirst = false },
                ("sort", _) => Fault("sort must be -createdAt or createdAt."),
                ("cursor", var text) when TicketCursor.Parse(text) is { } cursor => page with { After = cursor },
                ("cursor", _) => Fault("cursor must be the next of an earlier page."),
                _ => Fault($"{name} is not a parameter of this list."),
            };

            TicketPage Fault(string message)
            {
                faults.Add(name, message);
                return page;
            }
        }

        return (page, faults.Problem);
    }

    /// <summary>Reads the page: one query with an index behind it, whatever the length of the list.</summary>
    public async Task<TicketPageAnswer> ReadAsync(IQueryable<Ticket> list, CurrentUser user, TicketReader reader, CancellationToken ct)
    {
        if (After is { } after)
            list = NewestFirst
                ? list.Where(t => t.CreatedAt < after.CreatedAt || (t.CreatedAt == after.CreatedAt && t.Number < after.Number))
                : list.Where(t => t.CreatedAt > after.CreatedAt || (t.CreatedAt == after.CreatedAt && t.Number > after.Number));

        list = NewestFirst
            ? list.OrderByDescending(t => t.CreatedAt).ThenByDescending(t => t.Number)
            : list.OrderBy(t => t.CreatedAt).ThenBy(t => t.Number);

        var tickets = await list.Take(Limit + 1).ToListAsync(ct);
        var shown = tickets.Take(Limit).ToArray();
        return new TicketPageAnswer(
            await reader.ViewsAsync(shown, user, TicketView.RepliesInLists, ct),
            tickets.Count > Limit ? new TicketCursor(shown[^1].CreatedAt, shown[^1].Number).ToString() : null);
    }
}

/// <summary>Where a page ended. Opaque to clients.</summary>
public sealed record TicketCursor(DateTimeOffset CreatedAt, int Number)
{
    // Microseconds, as PostgreSQL keeps time.
    public override string ToString() =>
        Base64Url.EncodeToString(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{CreatedAt.UtcTicks / 10}.{Number}")));

    public static TicketCursor? Parse(string text)
    {
        Span<byte> bytes = stackalloc byte[48];
        if (text.Length is 0 or > 64 || !Base64Url.IsValid(text) || !Base64Url.TryDecodeFromChars(text, bytes, out var length))
            return null;

        var parts = Encoding.ASCII.GetString(bytes[..length]).Split('.');
        return parts.Length == 2
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) && microseconds <= DateTimeOffset.MaxValue.UtcTicks / 10
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new TicketCursor(new DateTimeOffset(microseconds * 10, TimeSpan.Zero), number) : null;
    }
}
