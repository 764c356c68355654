using System.Globalization;
using TicMate.Identity.Contracts;

namespace TicMate.Admin.Operations.DeadLetters;

/// <summary>Which messages that were given up are meant.</summary>
/// <param name="From">Given up then or later.</param>
/// <param name="To">Given up before.</param>
public sealed record DeadLetterFilter(string? MessageType = null, string? ExceptionType = null, DateTimeOffset? From = null, DateTimeOffset? To = null)
{
    public Guid? Id { get; init; }
}

/// <summary>Which page of them: the last given up comes first.</summary>
public sealed record DeadLetterPage(DeadLetterFilter Filter, int Limit = 25, DeadLetterPage.Position? After = null)
{
    public static readonly string[] Parameters = ["messageType", "exceptionType", "from", "to", "limit", "cursor"];

    /// <summary>Where a page ends.</summary>
    public sealed record Position(DateTimeOffset FailedAt, Guid Id)
    {
        public string Cursor => $"{FailedAt.UtcTicks.ToString("x", CultureInfo.InvariantCulture)}-{Id:N}";

        public static Position? Parse(string text) =>
            text.Split('-') is [var ticks, var id] && long.TryParse(ticks, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var at)
            && at >= 0 && at <= DateTimeOffset.MaxValue.UtcTicks && Guid.TryParseExact(id, "N", out var last) ? new(new(at, TimeSpan.Zero), last) : null;
    }

    /// <summary>Whether a text may name a type.</summary>
    public static bool IsName(string text) => text.Length is > 0 and <= 500 && !text.Any(char.IsControl);

    public static (DeadLetterPage, ProblemDetails) Read(IQueryCollection query)
    {
        var (faults, page) = (new Faults(), new DeadLetterPage(new DeadLetterFilter()));
        foreach (var (name, values) in query)
            page = (name, values.Count == 1 ? values[0] ?? "" : "") switch
            {
                ("messageType", var type) when IsName(type) => page with { Filter = page.Filter with { MessageType = type } },
                ("exceptionType", var type) when IsName(type) => page with { Filter = page.Filter with { ExceptionType = type } },
                ("from", var text) when WireTime.Moment(text) is { } from => page with { Filter = page.Filter with { From = from } },
                ("to", var text) when WireTime.Moment(text) is { } to => page with { Filter = page.Filter with { To = to } },
                ("limit", var text) when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= 100 => page with { Limit = limit },
                ("cursor", var text) when Position.Parse(text) is { } after => page with { After = after },
                ("messageType" or "exceptionType", _) => Fault(name, $"{name} must be the name of a type, given once."),
                ("from" or "to", _) => Fault(name, $"{name} must be one time with an offset (2026-12-31T17:00:00Z)."),
                ("limit", _) => Fault(name, "limit must be a number from 1 to 100, given once."),
                ("cursor", _) => Fault(name, "cursor must be the next of an earlier page, given once."),
                _ => Fault(name, $"{name} is not a parameter of this list."),
            };

        return (page, faults.Problem);

        DeadLetterPage Fault(string field, string message)
        {
            faults.Add(field, message);
            return page;
        }
    }
}
