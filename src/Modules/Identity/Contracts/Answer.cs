using System.Text.Json.Serialization;

namespace TicMate.Identity.Contracts;

/// <summary>What every success says; the payload is what a slice adds.</summary>
public record Answer([property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Message = null)
{
    [JsonPropertyOrder(-1)]
    public bool Success => true;
}
