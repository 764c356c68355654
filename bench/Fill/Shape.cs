using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;

namespace TicMate.Bench.Fill;

/// <summary>How events look: of each type the members of the JSON and the kinds of their values, and what stands in the columns beside it.</summary>
public sealed partial class Shape
{
    private readonly Dictionary<string, HashSet<string>> sometimes = [], always = [];

    /// <param name="streams">The streams to look at; null for those of all tickets.</param>
    public static async Task<Shape> OfAsync(NpgsqlDataSource database, string schema, Guid[]? streams, CancellationToken ct)
    {
        var shape = new Shape();
        await using var command = database.CreateCommand(
            $"""
            select e.type, e.data::text, (to_jsonb(e) - 'data' || jsonb_build_object('located', c.event_id is not null, 'stream', to_jsonb(s)))::text
            from {schema}.mt_events e join {schema}.mt_streams s on s.id = e.stream_id left join {schema}.event_clients c on c.event_id = e.id
            where s.type = 'ticket' and ($1::uuid[] is null or s.id = any($1))
            """);
        command.Parameters.Add(new() { Value = (object?)streams ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Uuid });
        await using var row = await command.ExecuteReaderAsync(ct);
        while (await row.ReadAsync(ct))
        {
            HashSet<string> facts = [];
            foreach (var (name, column) in new[] { ("data", 1), ("columns", 2) })
            {
                using var json = JsonDocument.Parse(row.GetString(column));
                Walk(json.RootElement, name, facts);
            }

            shape.Add(row.GetString(0), facts);
        }

        return shape;
    }

    /// <summary>What is here and never there, and what is always there and not always here.</summary>
    public IEnumerable<string> NotIn(Shape other) =>
        sometimes.SelectMany(type => !other.sometimes.TryGetValue(type.Key, out var known) ? [$"The service wrote no {type.Key}."]
            : type.Value.Except(known).Select(fact => $"{type.Key} has {fact}, which the service does not write.")
                .Concat(other.always[type.Key].Except(always[type.Key]).Select(fact => $"{type.Key} lacks {fact}, which the service writes.")));

    private void Add(string type, HashSet<string> facts)
    {
        if (sometimes.TryAdd(type, [.. facts]))
            always[type] = facts;
        sometimes[type].UnionWith(facts);
        always[type].IntersectWith(facts);
    }

    private static void Walk(JsonElement element, string path, HashSet<string> facts)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                    Walk(member.Value, $"{path}.{member.Name}", facts);
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                    Walk(item, $"{path}[]", facts);
                break;
            default:
                facts.Add($"{path}: {KindOf(element)}");
                break;
        }
    }

    // A text by how it is made: which letters it has is by chance. The words of an enumeration are too few to be told from others.
    private static string KindOf(JsonElement value) => value.ValueKind is not JsonValueKind.String ? value.ValueKind.ToString()
        : value.GetString()! is var text && Id().IsMatch(text) ? "id"
        : Time().IsMatch(text) ? "time"
        : Hex().IsMatch(text) ? Hex().Replace(text, hex => $"hex{hex.Length}")
        : text.StartsWith("agent:", StringComparison.Ordinal) || text.StartsWith("TicMate.", StringComparison.Ordinal) ? text : "text";

    [GeneratedRegex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    private static partial Regex Id();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$")]
    private static partial Regex Time();

    [GeneratedRegex(@"\b([0-9a-f]{32}|[0-9a-f]{16})\b")]
    private static partial Regex Hex();
}
