using System.Text.Json;
using System.Text.Json.Serialization;

namespace TicMate.Identity.Contracts;

/// <summary>
/// A member of a request body that remembers whether it was sent, and does not break the reading of the others when it has the wrong
/// type: <see cref="Faults"/> then names all faults at once.
/// </summary>
[JsonConverter(typeof(FieldConverterFactory))]
public readonly record struct Field<T>(T? Value) where T : class
{
    /// <summary>The member was in the body, whatever its value.</summary>
    public bool IsGiven { get; init; } = true;

    /// <summary>The member was there, with a type that does not fit.</summary>
    public bool IsMalformed { get; init; }

    public static implicit operator Field<T>(T? value) => new(value);
}

/// <summary>The id by which a request names an object: a text, or the whole object that carries <c>_id</c> or <c>id</c>.</summary>
[JsonConverter(typeof(ReferenceConverter))]
public sealed record Reference(string Text)
{
    /// <summary>An id that names nothing. Not the empty one: the event store takes that for a mistake of ours.</summary>
    public static readonly Guid Nothing = Guid.AllBitsSet;

    /// <summary>The id; a text in any form but the canonical one names nothing.</summary>
    public Guid Id => Guid.TryParseExact(Text, "D", out var id) && id != Guid.Empty && id.ToString() == Text ? id : Nothing;

    /// <summary>The first of several spellings that says something.</summary>
    public static Guid FirstOf(params ReadOnlySpan<Reference?> spellings)
    {
        foreach (var spelling in spellings)
            if (spelling is { Text.Length: > 0 })
                return spelling.Id;

        return Nothing;
    }

    /// <summary>Whether one of several spellings names something else than this.</summary>
    public static bool IsAnother(Guid id, params ReadOnlySpan<Reference?> spellings)
    {
        foreach (var spelling in spellings)
            if (spelling is { Text.Length: > 0 } && spelling.Id != id)
                return true;

        return false;
    }
}

public sealed class FieldConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Field<>);

    public override JsonConverter CreateConverter(Type type, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(FieldConverter<>).MakeGenericType(type.GetGenericArguments()))!;
}

internal sealed class FieldConverter<T> : JsonConverter<Field<T>> where T : class
{
    public override bool HandleNull => true;

    public override Field<T> Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        if (reader.TokenType is JsonTokenType.Null)
            return new Field<T>(null);

        var start = reader;
        try
        {
            return new Field<T>(JsonSerializer.Deserialize<T>(ref reader, options));
        }
        catch (JsonException)
        {
            reader = start;
            reader.Skip();
            return new Field<T>(null) { IsMalformed = true };
        }
    }

    public override void Write(Utf8JsonWriter writer, Field<T> field, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, field.Value, options);
}

internal sealed class ReferenceConverter : JsonConverter<Reference>
{
    public override Reference? Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        using var json = JsonDocument.ParseValue(ref reader);
        return json.RootElement switch
        {
            { ValueKind: JsonValueKind.String } text => new Reference(text.GetString()!),
            { ValueKind: JsonValueKind.Object } o when Member(o, "_id") is { } id => new Reference(id),
            { ValueKind: JsonValueKind.Object } o when Member(o, "id") is { } id => new Reference(id),
            _ => new Reference("?"),
        };
    }

    public override void Write(Utf8JsonWriter writer, Reference reference, JsonSerializerOptions options) =>
        writer.WriteStringValue(reference.Text);

    private static string? Member(JsonElement o, string name) =>
        o.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}
