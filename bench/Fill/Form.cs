using System.Text.RegularExpressions;

namespace TicMate.Bench.Fill;

/// <summary>What stands in a form at a place, as the model has it.</summary>
public sealed record Blank(BlankKind Kind, string Original)
{
    /// <summary>The event of the model in which it came up first.</summary>
    public int FirstEvent { get; init; }
}

public enum BlankKind
{
    Id,
    Time,
    Trace,
    Number,
    Word,
}

/// <summary>All that differs between copies of one model, each thing once.</summary>
/// <param name="mayChange">The words that may be other ones.</param>
public sealed class Blanks(IReadOnlySet<string> mayChange)
{
    private readonly Dictionary<string, int> places = [];
    private readonly List<Blank> all = [];

    public IReadOnlyList<Blank> All => all;

    /// <summary>Where the value for an id of the model stands.</summary>
    public int PlaceOf(Guid id) => places[id.ToString()];

    /// <summary>Where the value for this token stands among the values of a copy; -1 when all copies have it as it is.</summary>
    public int PlaceOf(Match token, int firstEvent)
    {
        BlankKind? kind = token.Groups switch
        {
            var g when g["id"].Success => BlankKind.Id,
            var g when g["time"].Success => BlankKind.Time,
            var g when g["trace"].Success => BlankKind.Trace,
            var g when g["number"].Success => BlankKind.Number,
            _ => mayChange.Contains(token.Value) ? BlankKind.Word : null,
        };
        if (kind is not { } found)
            return -1;
        if (!places.TryGetValue(token.Value, out var place))
        {
            places[token.Value] = place = all.Count;
            all.Add(new(found, token.Value) { FirstEvent = firstEvent });
        }

        return place;
    }
}

/// <summary>A text of a model with blanks, whatever it is: JSON, a header, a row of a table.</summary>
public sealed partial class Form
{
    private readonly string[] constants;
    private readonly int[] places;

    private Form(string[] constants, int[] places) => (this.constants, this.places) = (constants, places);

    public static Form Of(string text, Blanks blanks, int firstEvent) => Of(text, Tokens(), token => blanks.PlaceOf(token, firstEvent));

    public static Form Of(string text, Regex tokens, Func<Match, int> placeOf)
    {
        List<string> constants = [];
        List<int> places = [];
        var end = 0;
        foreach (Match token in tokens.Matches(text))
            if (placeOf(token) is >= 0 and var place)
            {
                constants.Add(text[end..token.Index]);
                places.Add(place);
                end = token.Index + token.Length;
            }

        constants.Add(text[end..]);
        return new([.. constants], [.. places]);
    }

    public string Fill(string[] values)
    {
        if (places.Length == 0)
            return constants[0];

        var parts = new string[constants.Length + places.Length];
        parts[0] = constants[0];
        for (var i = 0; i < places.Length; i++)
            (parts[2 * i + 1], parts[2 * i + 2]) = (values[places[i]], constants[i + 1]);
        return string.Concat(parts);
    }

    [GeneratedRegex(
        """
        (?<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})|(?<time>\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d))|(?<trace>\b([0-9a-f]{32}|[0-9a-f]{16})\b)|(?<=\"number\":)(?<number>\d+)|(?<![\\\p{L}])\p{L}{4,}(?!\p{L})
        """, RegexOptions.ExplicitCapture)]
    private static partial Regex Tokens();
}
