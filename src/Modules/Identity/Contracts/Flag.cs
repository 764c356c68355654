using System.Text.Json;
using System.Text.Json.Serialization;

namespace TicMate.Identity.Contracts;

/// <summary>A true or false of a request body, with the same manners as <see cref="Field{T}"/>: a wrong type is a fault among others.</summary>
[JsonConverter(typeof(FlagConverter))]
public readonly record struct Flag(bool? Value)
{
    /// <summary>The member was there, with a type that does not fit.</summary>
    public bool IsMalformed { get; init; }

    public static implicit operator Flag(bool? value) => new(value);
}

internal sealed class FlagConverter : JsonConverter<Flag>
{
    public override bool HandleNull => true;

    public override Flag Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        var flag = reader.TokenType switch
        {
            JsonTokenType.True => new Flag(true),
            JsonTokenType.False => new Flag(false),
            JsonTokenType.Null => new Flag(null),
            _ => new Flag(null) { IsMalformed = true },
        };
        reader.Skip();
        return flag;
    }

    public override void Write(Utf8JsonWriter writer, Flag flag, JsonSerializerOptions options)
    {
        if (flag.Value is { } value)
            writer.WriteBooleanValue(value);
        else
            writer.WriteNullValue();
    }
}
