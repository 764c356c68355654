using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;

namespace TicMate.Admin.Operations.DeadLetters;

/// <summary>What may be shown of a message and of an error: ids, numbers, times and words of the vocabulary. Any other text may be somebody's.</summary>
public static partial class Redacted
{
    public const string Mask = "[…]";
    private const int MostText = 300;

    private static readonly FrozenSet<string> Words = [.. Roles.Words, .. Status.Words, .. Priority.Words, .. LinkKind.Words, .. ProposalField.Words];

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new MaskedText(), new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    /// <summary>The members of a message, masked; null when it could not be read.</summary>
    public static JsonNode? Body(object? message)
    {
        try
        {
            return message is null ? null : JsonSerializer.SerializeToNode(message, message.GetType(), Options);
        }
        catch (Exception e) when (e is NotSupportedException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>An error's text without what it quotes, and without addresses and long words, which may be secrets.</summary>
    public static string Text(string? text)
    {
        var shown = Telling().Replace(text ?? "", Mask);
        return shown.Length <= MostText ? shown : shown[..MostText] + "…";
    }

    [GeneratedRegex("""
        "[^"]*"|'[^']*'|`[^`]*`|«[^»]*»|“[^”]*”|\(\s*[^()]*\)=\([^()]*\)|\S*@\S*|\w+://\S*|\b[\w+/=-]{25,}
        """, RegexOptions.CultureInvariant | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Telling();

    private sealed class MaskedText : JsonConverter<string>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.Length == 0 || Words.Contains(value) || Guid.TryParse(value, out _) ? value : Mask);

        public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WritePropertyName(Mask);
    }
}
