using System.Security.Cryptography;
using System.Text;
using Marten;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace TicMate.Admin.Audit;

/// <summary>Where the keys of the checkpoints come from; the host fills it in.</summary>
public sealed class AuditOptions
{
    /// <summary>Signs.</summary>
    public string Secret { get; set; } = "";

    /// <summary>Signed earlier, and still vouch for what they signed.</summary>
    public string[] PreviousSecrets { get; set; } = [];
}

/// <summary>Where the chain stood at some time, in the service's own hand.</summary>
public sealed record Checkpoint(long Position, byte[] Hash, DateTimeOffset At, string KeyId, byte[] Signature);

/// <summary>Signs and proves checkpoints: HMAC-SHA256, with keys that are derived for nothing else (HKDF, RFC 5869).</summary>
public sealed class CheckpointKeys(IOptions<AuditOptions> options)
{
    private readonly (string Id, byte[] Key)[] keys = [.. options.Value.PreviousSecrets.Prepend(options.Value.Secret).Select(Of)];

    public Checkpoint Sign(ChainHead head, DateTimeOffset at)
    {
        var (id, key) = keys[0];
        return new(head.Position, head.Hash, at, id, Signature(key, head.Position, head.Hash, at, id));
    }

    /// <summary>Whether we signed it; null when it names a key that we do not have.</summary>
    public bool? IsOurs(Checkpoint checkpoint) => Array.Find(keys, key => key.Id == checkpoint.KeyId) is { Key: { } key }
        ? CryptographicOperations.FixedTimeEquals(Signature(key, checkpoint.Position, checkpoint.Hash, checkpoint.At, checkpoint.KeyId), checkpoint.Signature) : null;

    private static byte[] Signature(byte[] key, long position, byte[] hash, DateTimeOffset at, string keyId) =>
        HMACSHA256.HashData(key, AuditHash.OfCheckpoint(position, hash, (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond, keyId));

    private static (string, byte[]) Of(string secret)
    {
        byte[] Derive(string label) => HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), 32, info: Encoding.UTF8.GetBytes($"ticmate {label}"));
        return (Convert.ToHexStringLower(Derive("audit checkpoint key id").AsSpan(0, 8)), Derive("audit checkpoints"));
    }
}

/// <summary>Keeps the checkpoints, and tells the log of each: a copy of the log elsewhere is what nobody here can change.</summary>
public sealed class AuditCheckpoints(IDocumentStore store, CheckpointKeys keys, TimeProvider clock, ILogger<AuditCheckpoints> log)
{
    private readonly AuditTables tables = new(store.Options.DatabaseSchemaName);

    /// <summary>Signs the end of the chain, unless that or something as young is signed already. The newest checkpoint; null before the first event.</summary>
    public async Task<Checkpoint?> WriteAsync(TimeSpan unlessYoungerThan, CancellationToken ct)
    {
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        var (newest, _) = await ReadAsync(connection, null, 1, ct);
        var (head, now) = (await AuditChain.HeadAsync(connection, store.Options.DatabaseSchemaName, ct), clock.GetUtcNow());
        if (newest is [var last])
        {
            // A chain that is not the one signed before is never signed again.
            if (keys.IsOurs(last) is false || await HashAtAsync(connection, last.Position, ct) is not { } hash || !hash.AsSpan().SequenceEqual(last.Hash))
            {
                log.LogError("The audit chain does not agree with the checkpoint at position {Position}: nothing is signed until somebody has looked. Run: audit verify", last.Position);
                return null;
            }

            // After a change of keys the new one vouches at once for what the old one signed.
            if (last.Position == head.Position || (keys.IsOurs(last) is true && now - last.At < unlessYoungerThan))
                return last;
        }

        if (head.Position == 0)
            return null;

        var checkpoint = keys.Sign(head, now);
        await using var insert = new NpgsqlCommand($"insert into {tables.Checkpoints} (position, hash, at, key_id, signature) values ($1, $2, $3, $4, $5) on conflict do nothing", connection)
        {
            Parameters =
            {
                new() { Value = checkpoint.Position }, new() { Value = checkpoint.Hash }, new() { Value = checkpoint.At }, new() { Value = checkpoint.KeyId },
                new() { Value = checkpoint.Signature },
            },
        };
        if (await insert.ExecuteNonQueryAsync(ct) > 0)
            log.LogInformation("Audit checkpoint: position {Position} hash {Hash} key {KeyId}", checkpoint.Position, head.Hex, checkpoint.KeyId);

        return checkpoint;
    }

    /// <summary>Checkpoints from the newest on, and whether there are older ones.</summary>
    public async Task<(IReadOnlyList<Checkpoint> Page, bool HasMore)> ReadAsync(long? before, int limit, CancellationToken ct)
    {
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        return await ReadAsync(connection, before, limit, ct);
    }

    private async Task<(IReadOnlyList<Checkpoint> Page, bool HasMore)> ReadAsync(NpgsqlConnection connection, long? before, int limit, CancellationToken ct)
    {
        await using var query = new NpgsqlCommand(
            $"select position, hash, at, key_id, signature from {tables.Checkpoints} where position < $1 order by position desc limit $2", connection)
        {
            Parameters = { new() { Value = before ?? long.MaxValue }, new() { Value = limit + 1 } },
        };
        await using var row = await query.ExecuteReaderAsync(ct);
        List<Checkpoint> found = [];
        while (await row.ReadAsync(ct))
            found.Add(Read(row));

        return ([.. found.Take(limit)], found.Count > limit);
    }

    private async Task<byte[]?> HashAtAsync(NpgsqlConnection connection, long position, CancellationToken ct)
    {
        await using var query = new NpgsqlCommand($"select hash from {tables.Chain} where position = $1", connection) { Parameters = { new() { Value = position } } };
        return await query.ExecuteScalarAsync(ct) as byte[];
    }

    public static Checkpoint Read(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetFieldValue<byte[]>(1), row.GetFieldValue<DateTimeOffset>(2), row.GetString(3), row.GetFieldValue<byte[]>(4));
}

/// <summary>Chains what came late, and signs the end of the chain every hour and when the service goes. Every node may do both.</summary>
public sealed class WatchChain(AuditChain chain, AuditCheckpoints checkpoints, TimeProvider clock, ILogger<WatchChain> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10), Hourly = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await TryAsync(async () =>
            {
                await chain.SweepAsync(stoppingToken);
                await checkpoints.WriteAsync(Hourly, stoppingToken);
            });
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryAsync(() => checkpoints.WriteAsync(TimeSpan.Zero, cancellationToken));
    }

    private async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.LogWarning("The audit chain could not be looked after ({Reason}); it is tried again", e.GetType().Name);
        }
    }
}
