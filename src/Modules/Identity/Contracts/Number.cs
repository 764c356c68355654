using System.Text.Json;
using System.Text.Json.Serialization;

namespace TicMate.Identity.Contracts;

/// <summary>A whole number of a request body, with the same manners as <see cref="Field{T}"/>: a wrong type is a fault among others.</summary>
[JsonConverter(typeof(NumberConverter))]
public readonly record struct Number(long? Value)
{
    /// <summary>The member was in the body, whatever its value.</summary>
    public bool IsGiven { get; init; } = true;

    /// <summary>The member was there, with a value that is no whole number.</summary>
    public bool IsMalformed { get; init; }

    public static implicit operator Number(long? value) => new(value);
}

internal sealed class NumberConverter : JsonConverter<Number>
{
    public override bool HandleNull => true;

    public override Number Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        var number = reader.TokenType switch
        {
            JsonTokenType.Number when reader.TryGetInt64(out var value) => new Number(value),
            JsonTokenType.Null => new Number(null),
            _ => new Number(null) { IsMalformed = true },
        };
        reader.Skip();
        return number;
    }

    public override void Write(Utf8JsonWriter writer, Number number, JsonSerializerOptions options)
    {
        if (number.Value is { } value)
            writer.WriteNumberValue(value);
        else
            writer.WriteNullValue();
    }
}
