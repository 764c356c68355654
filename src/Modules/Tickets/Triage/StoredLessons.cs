using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Marten;
using Npgsql;
using Weasel.Postgresql;
using Weasel.Postgresql.Tables;

namespace TicMate.Tickets.Triage;

/// <summary>Which model is stored.</summary>
/// <param name="Generation">Rises whenever the model is trained, and when an erasure takes it away.</param>
/// <param name="LearnedFrom">How many completed tickets it was trained on, or null when somebody has to train.</param>
/// <param name="Version">Null when they taught nothing.</param>
public sealed record StoredModel(long Generation, int? LearnedFrom, string? Version);

/// <summary>
/// The model that one node trained, for all of them. There is a row for each form of the bytes: while a new release takes over, no node reads what
/// it does not understand, and none overwrites what another one can read.
/// </summary>
public sealed class StoredLessons(IDocumentStore store, string format = StoredLessons.Format)
{
    /// <summary>Another word for it whenever <see cref="Lessons.Write"/> changes, or what training makes of the same history.</summary>
    public const string Format = "1";

    private const string Name = "ai_lessons";
    private readonly string table = $"{store.Options.DatabaseSchemaName}.{Name}";

    public static Table TableIn(string schema)
    {
        var table = new Table(PostgresqlProvider.Instance.Parse($"{schema}.{Name}"));
        table.AddColumn("format", "text").AsPrimaryKey();
        table.AddColumn<long>("generation").NotNull();
        table.AddColumn<int>("learned_from");
        table.AddColumn("version", "text");
        table.AddColumn<int>("tickets");
        table.AddColumn<int>("size");
        table.AddColumn<DateTimeOffset>("trained_at");
        table.AddColumn("model", "bytea");
        return table;
    }

    /// <summary>In the transaction that erases a text something was learned from: the stored model goes with it, and somebody has to train anew.</summary>
    public static void Forget(IDocumentSession session) => session.QueueSqlCommand(
        $"""
        update {session.DocumentStore.Options.DatabaseSchemaName}.{Name}
        set generation = generation + 1, learned_from = null, version = null, tickets = null, size = null, trained_at = null, model = null
        """);

    public async Task<StoredModel?> HeadAsync(CancellationToken ct)
    {
        await using var connection = await OpenAsync(ct);
        return await HeadAsync(connection, ct);
    }

    /// <summary>The stored model; null where there is none or where its bytes are not what was once stored.</summary>
    public async Task<Lessons?> LoadAsync(CancellationToken ct)
    {
        await using var connection = await OpenAsync(ct);
        await using var command = Command(connection, $"select model from {table} where format = $1", format);
        return await command.ExecuteScalarAsync(ct) is byte[] bytes ? Unpacked(bytes) : null;
    }

    /// <summary>
    /// Trains and stores, if nobody else does so already. What was erased while it trained must not come back, so it is stored only if nothing
    /// was: then the next look trains anew.
    /// </summary>
    /// <param name="seen">The generation that was found wanting; whoever has made another one since has done the work.</param>
    /// <param name="train">The lessons, and how many completed tickets they come from.</param>
    /// <param name="patient">Whether to wait for another node that is training.</param>
    /// <returns>The generation that was stored, or null when none was.</returns>
    public async Task<long?> TrainAsync(long seen, Func<Task<(Lessons?, int)>> train, bool patient, CancellationToken ct)
    {
        // Held by the connection and not by a transaction, which training would keep open for seconds.
        await using var connection = await OpenAsync(ct);
        await using var hold = Command(connection, $"select {(patient ? "pg_advisory_lock(hashtextextended($1, 37)) is not null" : "pg_try_advisory_lock(hashtextextended($1, 37))")}", $"{table} {format}");
        hold.CommandTimeout = 0;
        if (await hold.ExecuteScalarAsync(ct) is not true)
            return null;

        try
        {
            await ExecuteAsync(connection, $"insert into {table} (format, generation) values ($1, 0) on conflict do nothing", ct, format);
            if ((await HeadAsync(connection, ct))?.Generation != seen)
                return null;

            var (lessons, learnedFrom) = await train();
            var bytes = lessons is null ? null : Packed(lessons);
            var isStored = await ExecuteAsync(
                connection,
                $"""
                update {table} set generation = generation + 1, learned_from = $3, version = $4, tickets = $5, size = $6, trained_at = now(), model = $7
                where format = $1 and generation = $2
                """,
                ct, format, seen, learnedFrom, Or(lessons?.Version), Or(lessons?.Tickets), Or(bytes?.Length), Or(bytes)) == 1;
            // Forms that no node has written for so long are those of releases that are gone. A row without a model stays: somebody may be training it, and
            // its generation tells the nodes that still know the model before it that this one is gone.
            await ExecuteAsync(connection, $"delete from {table} where format <> $1 and trained_at < now() - interval '7 days'", ct, format);
            return isStored ? seen + 1 : null;
        }
        finally
        {
            await ExecuteAsync(connection, "select pg_advisory_unlock(hashtextextended($1, 37))", CancellationToken.None, $"{table} {format}");
        }
    }

    /// <summary>The bytes of a model: a hash, and what it is a hash of.</summary>
    public static byte[] Packed(Lessons lessons)
    {
        using var packed = new MemoryStream();
        packed.Write(new byte[SHA256.HashSizeInBytes]);
        using (var squeezed = new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        using (var writer = new BinaryWriter(new BufferedStream(squeezed)))
            lessons.Write(writer);

        var bytes = packed.ToArray();
        SHA256.HashData(bytes.AsSpan(SHA256.HashSizeInBytes), bytes);
        return bytes;
    }

    /// <summary>Null for bytes that are no model, whatever is wrong with them: it is trained anew then.</summary>
    public static Lessons? Unpacked(byte[] bytes)
    {
        if (bytes.Length < SHA256.HashSizeInBytes || !SHA256.HashData(bytes.AsSpan(SHA256.HashSizeInBytes)).AsSpan().SequenceEqual(bytes.AsSpan(0, SHA256.HashSizeInBytes)))
            return null;

        try
        {
            using var packed = new MemoryStream(bytes, SHA256.HashSizeInBytes, bytes.Length - SHA256.HashSizeInBytes);
            using var reader = new BinaryReader(new BufferedStream(new BrotliStream(packed, CompressionMode.Decompress)));
            return Lessons.Read(reader);
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException or InvalidOperationException or OverflowException or OutOfMemoryException)
        {
            return null;
        }
    }

    private async Task<StoredModel?> HeadAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = Command(connection, $"select generation, learned_from, version from {table} where format = $1", format);
        await using var row = await command.ExecuteReaderAsync(ct);
        return await row.ReadAsync(ct) ? new(row.GetInt64(0), await row.IsDBNullAsync(1, ct) ? null : row.GetInt32(1), await row.IsDBNullAsync(2, ct) ? null : row.GetString(2)) : null;
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken ct)
    {
        var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        return connection;
    }

    private static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct, params object[] values)
    {
        await using var command = Command(connection, sql, values);
        return await command.ExecuteNonQueryAsync(ct);
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params object[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var value in values)
            command.Parameters.AddWithValue(value);
        return command;
    }

    private static object Or(object? value) => value ?? DBNull.Value;
}

/// <summary>Lists of numbers and words as a model's bytes have them: the length, then the values.</summary>
public static class ModelBytes
{
    public static void Write(this BinaryWriter to, float[] values)
    {
        to.Write(values.Length);
        to.Write(MemoryMarshal.AsBytes(values.AsSpan()));
    }

    public static void Write(this BinaryWriter to, double[] values)
    {
        to.Write(values.Length);
        to.Write(MemoryMarshal.AsBytes(values.AsSpan()));
    }

    public static void Write(this BinaryWriter to, string[] values)
    {
        to.Write(values.Length);
        foreach (var value in values)
            to.Write(value);
    }

    public static float[] ReadFloats(this BinaryReader from)
    {
        var values = new float[from.ReadInt32()];
        from.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    public static double[] ReadDoubles(this BinaryReader from)
    {
        var values = new double[from.ReadInt32()];
        from.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    public static string[] ReadStrings(this BinaryReader from)
    {
        var values = new string[from.ReadInt32()];
        for (var i = 0; i < values.Length; i++)
            values[i] = from.ReadString();
        return values;
    }
}
