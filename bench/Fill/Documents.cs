using System.Reflection;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace TicMate.Bench.Fill;

/// <summary>
/// Copies snapshots into their table. Marten's own bulk insert cannot: it takes a column of texts for one of another kind, and knows no versions.
/// </summary>
public sealed class Documents<T>(DocumentStore store, NpgsqlDataSource database, Func<T, Guid> idOf, Func<T, int> versionOf)
{
    private readonly ISerializer serializer = store.Options.Serializer();
    private readonly string table = $"{store.Options.DatabaseSchemaName}.mt_doc_{typeof(T).Name.ToLowerInvariant()}";
    private (string Name, string Type, Func<T, object?> Read)[]? columns;

    public async Task WriteAsync(IReadOnlyList<(T Document, DateTimeOffset At)> documents, CancellationToken ct)
    {
        columns ??= await ColumnsAsync(ct);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var copy = await connection.BeginBinaryImportAsync(
            $"copy {table} (id, data, mt_version, mt_dotnet_type, mt_last_modified{string.Concat(columns.Select(column => $", {column.Name}"))}) from stdin (format binary)", ct);
        foreach (var (document, at) in documents)
        {
            copy.StartRow();
            copy.Write(idOf(document), NpgsqlDbType.Uuid);
            copy.Write(serializer.ToJson(document), NpgsqlDbType.Jsonb);
            copy.Write((long)versionOf(document), NpgsqlDbType.Bigint);
            copy.Write(typeof(T).FullName, NpgsqlDbType.Varchar);
            copy.Write(at, NpgsqlDbType.TimestampTz);
            foreach (var (_, type, read) in columns)
                if (read(document) is { } value)
                    copy.Write(value, type);
                else
                    copy.WriteNull();
        }

        await copy.CompleteAsync(ct);
    }

    // A column of its own is named after the member that it repeats.
    private async Task<(string, string, Func<T, object?>)[]> ColumnsAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            "select attname::text, format_type(atttypid, null) from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attname <> all('{id,data}') and attname not like 'mt%'");
        command.Parameters.Add(new() { Value = table });
        await using var row = await command.ExecuteReaderAsync(ct);
        List<(string, string, Func<T, object?>)> read = [];
        while (await row.ReadAsync(ct))
        {
            var name = row.GetString(0);
            var member = typeof(T).GetProperty(name.Replace("_", "", StringComparison.Ordinal), BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase)
                ?? throw new InvalidOperationException($"{table} has a column {name}, and {typeof(T).Name} no such member.");
            read.Add((name, row.GetString(1), document => member.GetValue(document)));
        }

        return [.. read];
    }
}
