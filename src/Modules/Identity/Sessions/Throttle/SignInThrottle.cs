using System.Security.Cryptography;
using System.Text;
using Marten;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using TicMate.Identity.Contracts;
using TicMate.Identity.Profile;
using Weasel.Postgresql;
using Weasel.Postgresql.Tables;

namespace TicMate.Identity.Sessions.Throttle;

/// <summary>What became of a try: the password fits or not, or how long to wait, in which case nothing was compared.</summary>
public readonly record struct Verdict(bool IsRight, TimeSpan? Wait)
{
    public ProblemDetails Refusal => Refuse.TooMany("too-many-attempts", "Too many wrong passwords; wait a moment before the next try.", Wait ?? TimeSpan.Zero);
}

/// <summary>
/// Counts wrong passwords in the database, so exactly over all nodes, and makes guessing slower the longer it goes on. A try is counted
/// before the password is looked at and given back if it was right: any number of tries at once get no more than tries in a row.
/// Addresses are counted alike whether they have an account or not, and are kept only as keyed hashes.
/// </summary>
public sealed class SignInThrottle(IDocumentStore store, KnownDevices devices, IOptions<SignInOptions> signIn, IOptions<ThrottleOptions> options) : IDisposable
{
    public const string Table = "sign_in_failures";

    private readonly byte[] key = HKDF.DeriveKey(
        HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(signIn.Value.Secret), 32, info: "ticmate sign-in counters"u8.ToArray());

    private readonly string table = $"{store.Options.DatabaseSchemaName}.{Table}";

    // A burst of sign-ins waits here for a connection instead of taking every one there is; known devices do not wait behind it.
    private readonly SemaphoreSlim strangers = new(6), known = new(2);

    /// <summary>Where a failure is counted, and whether a success wipes the slate or only takes back its own try.</summary>
    private sealed record Counter(string Name, Guid Key, ThrottleRule Rule, bool EndsWithSuccess = false, bool IsOfAccount = true)
    {
        public bool Refuses => Name != "everyone";
    }

    /// <summary>Has a password compared, if it may be now. Use it wherever a password is asked for.</summary>
    /// <param name="isRight">
    /// Compares the password, told whether the caller's device is known. If it fails with an exception, no guess was made and none is counted.
    /// </param>
    public async Task<Verdict> TryAsync(HttpContext http, string email, Func<bool, Task<bool>> isRight, CancellationToken ct)
    {
        var device = devices.Find(http, email);
        var (counters, line) = device is { } id ? (FromKnownDevice(email, id), known) : (FromUnknownDevice(http, email), strangers);
        if (await CountAsync(line, counters, ct) is { } wait)
            return new Verdict(false, wait);

        bool? right = null;
        try
        {
            right = await isRight(device is not null);
        }
        finally
        {
            if (right is null)
                await SettleAsync(line, giveBack: counters, forget: []);
        }

        if (right is true)
            await SettleAsync(known, giveBack: counters.Where(c => !c.EndsWithSuccess), forget: counters.Where(c => c.EndsWithSuccess));

        return new Verdict(right.Value, null);
    }

    /// <summary>Forgets what strangers did to an account: its owner has just proved, by mail, to be its owner.</summary>
    public Task ForgetAsync(HttpContext http, string email) => SettleAsync(
        known, giveBack: [], forget: FromUnknownDevice(http, email).Concat(FromKnownDevice(email, devices.Find(http, email) ?? Guid.Empty)).Where(c => c.IsOfAccount));

    private Counter[] FromKnownDevice(string email, Guid device) =>
    [
        new("device", KeyOf("device", email, device.ToString()), options.Value.Pair, EndsWithSuccess: true),
        new("known-devices", KeyOf("known-devices", email), options.Value.Account),
    ];

    private Counter[] FromUnknownDevice(HttpContext http, string email)
    {
        var (rules, client) = (options.Value, ClientAddress.GroupOf(http));
        return
        [
            new("pair", KeyOf("pair", email, client), rules.Pair, EndsWithSuccess: true),
            new("account", KeyOf("account", email), rules.Account),
            new("consecutive", KeyOf("consecutive", email), rules.Consecutive, EndsWithSuccess: true),
            new("address", KeyOf("address", "", client), rules.Address, IsOfAccount: false),
            new("everyone", KeyOf("everyone"), rules.Everyone, IsOfAccount: false),
        ];
    }

    private Guid KeyOf(string counter, string email = "", string client = "") =>
        new(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{counter}\n{PersonalData.Key(email)}\n{client}")).AsSpan(0, 16), bigEndian: true);

    /// <summary>Counts a failure everywhere at once, or nowhere: then it says how long to wait.</summary>
    private async Task<TimeSpan?> CountAsync(SemaphoreSlim line, Counter[] counters, CancellationToken ct)
    {
        await line.WaitAsync(ct);
        try
        {
            await using var connection = store.Storage.Database.CreateConnection();
            await connection.OpenAsync(ct);
            Guid[] keys = [.. counters.Select(c => c.Key)];

            // Looking first costs a flood no lock and no write; what it sees is checked again under the lock.
            if (Refusal(counters, await ReadAsync(connection, $"select key, failures, since, free_at, forgotten_at, clock_timestamp() from {table} where key = any($1)", keys, ct)) is { } wait)
                return wait;

            await using var transaction = await connection.BeginTransactionAsync(ct);
            var now = await ReadAsync(
                connection,
                $"""
                insert into {table} as f (key, failures, since, free_at, forgotten_at)
                select key, 0, t, t, t from unnest($1) key, clock_timestamp() t order by key
                on conflict (key) do update set failures = f.failures
                returning key, failures, since, free_at, forgotten_at, clock_timestamp()
                """,
                keys, ct);

            if (Refusal(counters, now) is { } lost)
                return lost;

            await WriteAsync(connection, keys, After(counters, now), ct);
            await transaction.CommitAsync(ct);
            return null;
        }
        finally
        {
            line.Release();
        }
    }

    private sealed record Reading(Dictionary<Guid, FailureCount> Counts, DateTimeOffset Now)
    {
        public FailureCount this[Counter counter] => Counts.GetValueOrDefault(counter.Key) ?? FailureCount.None(Now);
    }

    private static TimeSpan? Refusal(Counter[] counters, Reading reading)
    {
        if (counters.Where(c => c.Refuses).MaxBy(c => reading[c].FreeAt) is not { } worst || reading[worst].Wait(reading.Now) is var wait && wait <= TimeSpan.Zero)
            return null;

        IdentityTelemetry.Throttled.Add(1, new KeyValuePair<string, object?>("counter", worst.Name));
        return wait;
    }

    private FailureCount[] After(Counter[] counters, Reading reading)
    {
        var everyone = counters.FirstOrDefault(c => !c.Refuses);
        var isAttack = everyone is not null && reading[everyone] is var all && all.Failures >= everyone.Rule.Free && all.ForgottenAt > reading.Now;
        ThrottleRule Rule(Counter c) => isAttack && c.Name == "address" ? c.Rule with { Free = Math.Min(c.Rule.Free, options.Value.FreeUnderAttack) } : c.Rule;

        return [.. counters.Select(c => reading[c].Plus(Rule(c), reading.Now))];
    }

    private static async Task<Reading> ReadAsync(NpgsqlConnection connection, string sql, Guid[] keys, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = keys } } };
        await using var rows = await command.ExecuteReaderAsync(ct);
        var (counts, now) = (new Dictionary<Guid, FailureCount>(), DateTimeOffset.MinValue);
        while (await rows.ReadAsync(ct))
        {
            DateTimeOffset Time(int column) => new(rows.GetDateTime(column));
            counts[rows.GetGuid(0)] = new FailureCount(rows.GetInt32(1), Time(2), Time(3), Time(4));
            now = Time(5) > now ? Time(5) : now;
        }

        return new Reading(counts, now);
    }

    private async Task WriteAsync(NpgsqlConnection connection, Guid[] keys, FailureCount[] counts, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"""
            update {table} f set failures = n.failures, since = n.since, free_at = n.free_at, forgotten_at = n.forgotten_at
            from unnest($1, $2, $3, $4, $5) n (key, failures, since, free_at, forgotten_at) where f.key = n.key
            """,
            connection)
        {
            Parameters =
            {
                new() { Value = keys }, new() { Value = counts.Select(c => c.Failures).ToArray() },
                new() { Value = counts.Select(c => c.Since).ToArray() }, new() { Value = counts.Select(c => c.FreeAt).ToArray() },
                new() { Value = counts.Select(c => c.ForgottenAt).ToArray() },
            },
        };
        await command.ExecuteNonQueryAsync(ct);
    }

    // Whatever became of the caller: a place taken must be given back.
    private async Task SettleAsync(SemaphoreSlim line, IEnumerable<Counter> giveBack, IEnumerable<Counter> forget)
    {
        await line.WaitAsync();
        try
        {
            await using var connection = store.Storage.Database.CreateConnection();
            await connection.OpenAsync();
            await using var batch = new NpgsqlBatch(connection);
            batch.BatchCommands.Add(Command($"select key from {table} where key = any($1) order by key for update", giveBack.Concat(forget)));
            batch.BatchCommands.Add(Command($"delete from {table} where key = any($1)", forget));
            batch.BatchCommands.Add(Command($"update {table} set failures = greatest(0, failures - 1), free_at = least(free_at, clock_timestamp()) where key = any($1)", giveBack));
            await batch.ExecuteNonQueryAsync();
        }
        finally
        {
            line.Release();
        }

        static NpgsqlBatchCommand Command(string sql, IEnumerable<Counter> counters) =>
            new(sql) { Parameters = { new() { Value = counters.Select(c => c.Key).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid } } };
    }

    /// <summary>Removes counters that mean nothing any more.</summary>
    public async Task SweepAsync(CancellationToken ct)
    {
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(
            $"delete from {table} where key in (select key from {table} where forgotten_at < clock_timestamp() for update skip locked)", connection);
        await command.ExecuteNonQueryAsync(ct);
    }

    public static Table Definition(string schema)
    {
        var table = new Table(PostgresqlProvider.Instance.Parse($"{schema}.{Table}"));
        table.AddColumn<Guid>("key").AsPrimaryKey();
        table.AddColumn<int>("failures").NotNull();
        table.AddColumn<DateTimeOffset>("since").NotNull();
        table.AddColumn<DateTimeOffset>("free_at").NotNull();
        table.AddColumn<DateTimeOffset>("forgotten_at").NotNull();
        return table;
    }

    public void Dispose()
    {
        strangers.Dispose();
        known.Dispose();
    }
}
