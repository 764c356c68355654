using System.Buffers.Text;
using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using TicMate.Identity.Contracts;

namespace TicMate.Tickets.History;

/// <summary>Which part of a ticket's history is asked for. Anything that is not understood is a fault, never ignored.</summary>
public sealed record HistoryPage
{
    private const int DefaultLimit = 25, LargestLimit = 100;

    private static readonly FrozenSet<string> Kinds = [Actor.Person, Actor.Ai, Actor.System, Actor.ApiKey];

    public int Limit { get; private init; } = DefaultLimit;
    public bool NewestFirst { get; private init; }

    /// <summary>The version at which the page before ended.</summary>
    public int? After { get; private init; }

    public FrozenSet<string> Types { get; private init; } = [];
    public FrozenSet<string> Fields { get; private init; } = [];
    public FrozenSet<string> Actors { get; private init; } = [];
    public DateTimeOffset? Since { get; private init; }
    public DateTimeOffset? Until { get; private init; }

    public static (HistoryPage, ProblemDetails?) Read(IQueryCollection query)
    {
        var faults = new Faults();
        var page = new HistoryPage();
        foreach (var (name, values) in query)
        {
            if (values.Count != 1)
                faults.Add(name, $"{name} may be given once.");

            page = (name, values[0] ?? "") switch
            {
                ("limit", var text) when Whole.Number(text) is >= 1 and <= LargestLimit and var limit => page with { Limit = limit },
                ("limit", _) => Fault($"limit must be a number from 1 to {LargestLimit}."),
                ("sort", "seq") => page with { NewestFirst = false },
                ("sort", "-seq") => page with { NewestFirst = true },
                ("sort", _) => Fault("sort must be seq or -seq."),
                ("cursor", var text) when VersionIn(text) is { } version => page with { After = version },
                ("cursor", _) => Fault("cursor must be the next of an earlier page."),
                ("type", var text) when Words(text, Moment.Types.Contains) is { } types => page with { Types = types },
                ("type", _) => Fault($"type must be one or more of {string.Join(", ", Moment.Types.Order(StringComparer.Ordinal))}."),
                ("field", var text) when Words(text, Changes.Names.Contains) is { } fields => page with { Fields = fields },
                ("field", _) => Fault($"field must be one or more of {string.Join(", ", Changes.Names.Order(StringComparer.Ordinal))}."),
                ("actor", var text) when Words(text, IsActor) is { } actors => page with { Actors = actors },
                ("actor", _) => Fault($"actor must be one or more of {string.Join(", ", Kinds.Order(StringComparer.Ordinal))} or the id of an actor."),
                ("since", var text) when PastTime.Parse(text) is { } time => page with { Since = time },
                ("until", var text) when PastTime.Parse(text) is { } time => page with { Until = time },
                ("since" or "until", _) => Fault($"{name} must be a time with an offset (2026-12-31T17:00:00Z)."),
                _ => Fault($"{name} is not a parameter of this list."),
            };

            HistoryPage Fault(string message)
            {
                faults.Add(name, message);
                return page;
            }
        }

        return (page, faults.Refusal);
    }

    /// <summary>The page, and the cursor of the one after it.</summary>
    public (IReadOnlyList<HistoryEntry> Entries, string? Next) Of(IReadOnlyList<HistoryEntry> history)
    {
        var wanted = (NewestFirst ? history.Reverse() : history).Where(IsWanted).Take(Limit + 1).ToArray();
        return wanted.Length > Limit ? (wanted[..Limit], Cursor(wanted[Limit - 1].Version)) : (wanted, null);
    }

    private bool IsWanted(HistoryEntry entry) =>
        (After is not { } end || (NewestFirst ? entry.Version < end : entry.Version > end))
        && (Types.Count == 0 || Types.Contains(entry.Type))
        && (Fields.Count == 0 || entry.Changes.Any(change => Fields.Contains(change.Field)))
        && (Actors.Count == 0 || Actors.Contains(entry.Actor.Kind) || (entry.Actor.Id is { } id && Actors.Contains(id)))
        && !(entry.At < Since) && !(entry.At > Until);

    private static FrozenSet<string>? Words(string text, Func<string, bool> isKnown) =>
        text.Split(',') is var words && words.All(isKnown) ? [.. words] : null;

    private static bool IsActor(string text) => Kinds.Contains(text) || new Reference(text).Id != Reference.Nothing
        || (text.Length <= 100 && text.Split(':') is ["agent" or "system" or "command", { Length: > 0 }, ..]);

    private static string Cursor(int version) => Base64Url.EncodeToString(Encoding.ASCII.GetBytes(version.ToString(CultureInfo.InvariantCulture)));

    private static int? VersionIn(string cursor)
    {
        Span<byte> bytes = stackalloc byte[16];
        return cursor.Length is > 0 and <= 16 && Base64Url.IsValid(cursor) && Base64Url.TryDecodeFromChars(cursor, bytes, out var length)
            ? Whole.Number(Encoding.ASCII.GetString(bytes[..length])) : null;
    }
}

/// <summary>Whole numbers of an address, in digits and nothing else.</summary>
public static class Whole
{
    public static int? Number(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>Times that a question about the past names: a plain date would not say which moment of it.</summary>
public static class PastTime
{
    public static DateTimeOffset? Parse(string? text) => text?.Contains('T', StringComparison.Ordinal) is true ? WireTime.Parse(text) : null;
}
