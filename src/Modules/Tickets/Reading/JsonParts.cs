using System.Buffers.Text;
using System.Collections.Frozen;
using System.Text.Json;

namespace TicMate.Tickets.Reading;

/// <summary>The members of a stored object that are looked for, by their names in code.</summary>
public sealed class JsonNames
{
    private readonly FrozenDictionary<string, int> places;
    private readonly JsonEncodedText[] stored;

    public JsonNames(params string[] members)
    {
        stored = [.. members.Select(member => JsonEncodedText.Encode(JsonNamingPolicy.CamelCase.ConvertName(member)))];
        places = members.Index().ToFrozenDictionary(member => member.Item, member => member.Index);
    }

    public int Count => stored.Length;

    public int this[string member] => places[member];

    public JsonEncodedText Stored(int place) => stored[place];

    /// <summary>Which member has this name in the text; -1 when it is none that is looked for.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        for (var place = 0; place < stored.Length; place++)
            if (name.SequenceEqual(stored[place].EncodedUtf8Bytes))
                return place;

        return -1;
    }
}

/// <summary>Where the members of a stored object stand in its text. Only what our own serializer wrote is read, so nothing is checked again.</summary>
public readonly struct JsonParts
{
    private readonly ReadOnlyMemory<byte> json;
    private readonly JsonNames names;
    private readonly (int Start, int Length)[] places;

    private JsonParts(ReadOnlyMemory<byte> json, JsonNames names) => (this.json, this.names, places) = (json, names, new (int, int)[names.Count]);

    public static JsonParts Of(ReadOnlyMemory<byte> json, JsonNames names)
    {
        var parts = new JsonParts(json, names);
        if (json.IsEmpty)
            return parts;

        var reader = new Utf8JsonReader(json.Span);
        for (reader.Read(); reader.Read() && reader.TokenType is JsonTokenType.PropertyName;)
        {
            var place = names.Find(reader.ValueSpan);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            var isNull = reader.TokenType is JsonTokenType.Null;
            reader.Skip();
            if (place >= 0 && !isNull)
                parts.places[place] = (start, (int)reader.BytesConsumed - start);
        }

        return parts;
    }

    /// <summary>The text of a member; empty when it is null or not there.</summary>
    public ReadOnlyMemory<byte> this[string member] => places[names[member]] is var (start, length) ? json.Slice(start, length) : default;

    public bool Has(string member) => places[names[member]].Length > 0;

    /// <summary>Whether a member is this text, which needs no escapes.</summary>
    public bool Is(string member, string text) => this[member].Span is [(byte)'"', .. var value, (byte)'"'] && System.Text.Ascii.Equals(value, text);

    public Guid? Id(string member) => this[member].Span is [(byte)'"', .. var value, (byte)'"'] && Utf8Parser.TryParse(value, out Guid id, out _) ? id : null;

    public DateTimeOffset? Time(string member)
    {
        if (!Has(member))
            return null;

        var reader = new Utf8JsonReader(this[member].Span);
        reader.Read();
        return reader.GetDateTimeOffset();
    }

    /// <summary>The items of an array.</summary>
    public List<ReadOnlyMemory<byte>> Items(string member)
    {
        var (array, items) = (this[member], new List<ReadOnlyMemory<byte>>());
        if (array.IsEmpty)
            return items;

        var reader = new Utf8JsonReader(array.Span);
        for (reader.Read(); reader.Read() && reader.TokenType is not JsonTokenType.EndArray;)
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            items.Add(array[start..(int)reader.BytesConsumed]);
        }

        return items;
    }

    /// <summary>Copies members as they stand.</summary>
    public void Copy(Utf8JsonWriter writer, params ReadOnlySpan<string> members)
    {
        foreach (var member in members)
        {
            writer.WritePropertyName(names.Stored(names[member]));
            CopyValue(writer, member);
        }
    }

    /// <summary>Copies a member under another name.</summary>
    public void Copy(Utf8JsonWriter writer, ReadOnlySpan<byte> name, string member)
    {
        writer.WritePropertyName(name);
        CopyValue(writer, member);
    }

    /// <summary>Copies a time, in UTC with a Z as the wire has it.</summary>
    public void CopyTime(Utf8JsonWriter writer, string member)
    {
        writer.WritePropertyName(names.Stored(names[member]));
        if (Time(member) is { } time)
            writer.WriteStringValue(time.UtcDateTime);
        else
            writer.WriteNullValue();
    }

    private void CopyValue(Utf8JsonWriter writer, string member)
    {
        if (Has(member))
            writer.WriteRawValue(this[member].Span, skipInputValidation: true);
        else
            writer.WriteNullValue();
    }
}
