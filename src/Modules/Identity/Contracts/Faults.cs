using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace TicMate.Identity.Contracts;

/// <summary>One fault of a request body; <c>pointer</c> is an RFC 6901 JSON pointer.</summary>
public sealed record Fault(string Pointer, string Field, string Message);

/// <summary>Checks the members of a request and collects every fault, so that a caller hears of all of them at once.</summary>
public sealed class Faults
{
    private readonly List<Fault> faults = [];

    /// <summary>400 with all faults, or nothing to complain about.</summary>
    public ProblemDetails Problem
    {
        get
        {
            if (faults.Count == 0)
                return WolverineContinue.NoProblems;

            var problem = Refuse.With(400, "validation-failed", string.Join(" ", faults.Select(f => f.Message).Distinct()));
            problem.Extensions["errors"] = faults.ToArray();
            return problem;
        }
    }

    /// <summary>400 with all faults; null when there is none.</summary>
    public ProblemDetails? Refusal => faults.Count == 0 ? null : Problem;

    public Faults Add(string field, string message)
    {
        faults.Add(new Fault($"/{field.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}", field, message));
        return this;
    }

    public Faults When(bool wrong, string field, string message) => wrong ? Add(field, message) : this;

    /// <summary>A required text in one line, at most <paramref name="max"/> code points.</summary>
    public Faults Line(string field, Field<string> given, int max, int min = 1) => Required(field, given) ? OptionalLine(field, given, max, min) : this;

    /// <summary>A text in one line, if there is one: no control characters, something visible in it.</summary>
    public Faults OptionalLine(string field, Field<string> given, int max, int min = 1)
    {
        if (!IsText(field, given) || given.Value is not { Length: > 0 } text)
            return this;

        return When(!text.EnumerateRunes().Any(IsVisible), field, $"{Name(field)} must not be blank.")
            .When(text.EnumerateRunes().Any(r => Rune.IsControl(r) || r.Value is 0x2028 or 0x2029), field, $"{Name(field)} must be a single line without control characters.")
            .Length(field, text, min, max);
    }

    /// <summary>A required text of any number of lines, at most <paramref name="max"/> code points.</summary>
    public Faults Text(string field, Field<string> given, int max)
    {
        if (!Required(field, given) || !IsText(field, given))
            return this;

        var text = given.Value!;
        return When(!text.EnumerateRunes().Any(IsVisible), field, $"{Name(field)} must not be blank.")
            .When(text.EnumerateRunes().Any(r => Rune.IsControl(r) && r.Value is not ('\t' or '\n' or '\r')), field, $"{Name(field)} must not contain control characters.")
            .Length(field, text, 1, max);
    }

    /// <summary>One of a vocabulary's words; none, null and the empty text mean "not said".</summary>
    public Faults OneOf(string field, Field<string> given, FrozenSet<string> words) =>
        !IsText(field, given) || string.IsNullOrEmpty(given.Value) || words.Contains(given.Value) ? this
        : Add(field, $"{Name(field)} must be one of {string.Join(", ", words.Order(StringComparer.Ordinal))}.");

    /// <summary>True or false, if anything.</summary>
    public Faults YesOrNo(string field, Flag given) => When(given.IsMalformed, field, $"{Name(field)} must be true or false.");

    /// <summary>A list of names, each one line; at most <paramref name="most"/> of them.</summary>
    public Faults Names(string field, Field<string[]> given, int most, int max)
    {
        if (given.IsMalformed || given.Value is { } list && list.Contains(null))
            return Add(field, $"{Name(field)} must be a list of texts.");

        var names = given.Value ?? [];
        When(names.Length > most, field, $"{Name(field)} must have at most {most} entries.");
        foreach (var name in names.Take(most))
            if (!faults.Exists(f => f.Field == field))
                Line(field, name, max);

        return this;
    }

    /// <summary>A time (RFC 3339 with an offset) or a plain date; none and the empty text mean "none".</summary>
    public Faults Time(string field, Field<string> given, DateTimeOffset now)
    {
        if (!IsText(field, given) || string.IsNullOrEmpty(given.Value))
            return this;

        return WireTime.Parse(given.Value) is not { } time ? Add(field, $"{Name(field)} must be a date (2026-12-31) or a time with an offset (2026-12-31T17:00:00Z).")
            : When(time < now.AddDays(-1) || time > now.AddYears(10), field, $"{Name(field)} must lie between yesterday and ten years from now.");
    }

    private Faults Length(string field, string text, int min, int max)
    {
        var length = text.EnumerateRunes().Count();
        return When(length < min, field, $"{Name(field)} must have at least {min} characters.")
            .When(length > max, field, $"{Name(field)} must have at most {max} characters.");
    }

    private bool Required(string field, Field<string> given)
    {
        var missing = !given.IsMalformed && string.IsNullOrEmpty(given.Value);
        When(missing, field, $"{Name(field)} is required.");
        return !missing;
    }

    private bool IsText(string field, Field<string> given)
    {
        When(given.IsMalformed, field, $"{Name(field)} must be a text.");
        return !given.IsMalformed;
    }

    // Letters, digits, signs; not the blanks that look like nothing (zero width space, Hangul filler and their kin).
    private static bool IsVisible(Rune rune) => rune.Value is not (0x3164 or 0x115F or 0x1160 or 0xFFA0 or 0x2800 or 0x034F) &&
        Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.SpaceSeparator
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned);

    private static string Name(string field) => char.ToUpperInvariant(field[0]) + field[1..];
}

/// <summary>Times as the wire has them.</summary>
public static class WireTime
{
    private static readonly string[] Formats =
        ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz"];

    /// <summary>A time with an offset, or a plain date, which means the end of that day in UTC; null when it is neither.</summary>
    public static DateTimeOffset? Parse(string? text)
    {
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
            return new DateTimeOffset(date, new TimeOnly(23, 59, 59), TimeSpan.Zero);

        return Moment(text);
    }

    /// <summary>A time with an offset and nothing else: a plain date would not say which moment of it.</summary>
    public static DateTimeOffset? Moment(string? text)
    {
        var hasOffset = text is { Length: > 19 } && (text[^1] == 'Z' || text[^6..] is ['+' or '-', _, _, ':', _, _]);
        return hasOffset && DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? time.ToUniversalTime() : null;
    }
}
