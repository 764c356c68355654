using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Npgsql;

namespace TicMate.Host;

/// <summary>What a database holds, in numbers that a copy must show as well.</summary>
/// <param name="LastEvent">The sequence of the newest event.</param>
/// <param name="ChainHead">The newest link of the audit chain, as position and hash; null without one.</param>
public sealed record Contents(
    long Events, long LastEvent, long Streams, long Tickets, long Users, long MessagesWaiting, long DeadLetters, string? ChainHead)
{
    /// <summary>What differs in a copy, in words; empty when it is the same.</summary>
    public IReadOnlyList<string> Differences(Contents copy) =>
    [
        .. new (string Name, object? Here, object? There)[]
        {
            ("events", Events, copy.Events), ("last event", LastEvent, copy.LastEvent), ("streams", Streams, copy.Streams), ("tickets", Tickets, copy.Tickets),
            ("users", Users, copy.Users), ("messages waiting", MessagesWaiting, copy.MessagesWaiting), ("dead letters", DeadLetters, copy.DeadLetters),
            ("head of the audit chain", ChainHead, copy.ChainHead),
        }.Where(fact => !Equals(fact.Here, fact.There)).Select(fact => FormattableString.Invariant($"{fact.Name}: {fact.There ?? "none"} instead of {fact.Here ?? "none"}")),
    ];

    /// <summary>Counts within the connection's transaction.</summary>
    public static async Task<Contents> ReadAsync(NpgsqlConnection database, CancellationToken ct)
    {
        await using var count = new NpgsqlCommand(
            """
            select (select count(*) from ticmate.mt_events), (select coalesce(max(seq_id), 0) from ticmate.mt_events), (select count(*) from ticmate.mt_streams),
                (select count(*) from ticmate.mt_doc_ticket), (select count(*) from ticmate.mt_doc_user),
                (select count(*) from wolverine.wolverine_incoming_envelopes where status <> 'Handled') + (select count(*) from wolverine.wolverine_outgoing_envelopes),
                (select count(*) from wolverine.wolverine_dead_letters), to_regclass('ticmate.audit_chain') is not null
            """, database);
        await using var row = await count.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        var contents = new Contents(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6), null);
        var hasChain = row.GetBoolean(7);
        await row.CloseAsync();
        if (!hasChain)
            return contents;

        await using var head = new NpgsqlCommand("select position || ' ' || hash::text from ticmate.audit_chain order by position desc limit 1", database);
        return contents with { ChainHead = (string?)await head.ExecuteScalarAsync(ct) };
    }
}

/// <summary>What stands in a backup beside the dump.</summary>
/// <param name="Format">Of the file; a reader refuses what it does not know.</param>
/// <param name="Service">The version of the service that wrote it.</param>
/// <param name="Postgres">The major version of the server it was taken from.</param>
/// <param name="Program">The major version of the pg_dump that wrote it; an older pg_restore cannot read it.</param>
/// <param name="Sha256">Of the dump.</param>
public sealed record Manifest(int Format, string Service, int Postgres, int Program, DateTimeOffset At, string Sha256, Contents Contents);

/// <summary>
/// A backup: one zip file with the dump, as pg_dump's custom format, and a manifest. Without TICMaTe, unzip and pg_restore read it.
/// </summary>
public sealed class BackupFile : IDisposable
{
    public const int Format = 1;
    private const string Dump = "database.dump", About = "manifest.json";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly ZipArchive zip;

    private BackupFile(ZipArchive zip, Manifest manifest) => (this.zip, Manifest) = (zip, manifest);

    public Manifest Manifest { get; }

    /// <summary>Writes the dump as it comes and the manifest after it, under another name until all of it is on the disk.</summary>
    /// <param name="write">Writes the dump, and tells what belongs in the manifest but its hash.</param>
    public static async Task<Manifest> WriteAsync(string file, Func<Stream, Task<Manifest>> write, CancellationToken ct)
    {
        var unfinished = $"{file}.{Environment.ProcessId}.part";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.ReadWrite, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = PostgresFiles.OwnersFile;

            Manifest manifest;
            await using (var disk = new FileStream(unfinished, options))
            {
                using (var zip = new ZipArchive(disk, ZipArchiveMode.Create, leaveOpen: true))
                {
                    using var hash = SHA256.Create();
                    await using (var entry = await zip.CreateEntry(Dump, CompressionLevel.NoCompression).OpenAsync(ct))
                    await using (var hashing = new CryptoStream(entry, hash, CryptoStreamMode.Write, leaveOpen: true))
                        manifest = await write(hashing);

                    manifest = manifest with { Sha256 = Convert.ToHexStringLower(hash.Hash!) };
                    await using var about = await zip.CreateEntry(About).OpenAsync(ct);
                    await JsonSerializer.SerializeAsync(about, manifest, Json, ct);
                }

                disk.Flush(flushToDisk: true);
            }

            File.Move(unfinished, file, overwrite: true);
            return manifest;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(CommandException.CannotWrite, $"{file} could not be written: {e.Message}", e);
        }
        finally
        {
            if (File.Exists(unfinished))
                File.Delete(unfinished);
        }
    }

    /// <summary>Opens a backup and reads all of it once, so that nothing is restored from a damaged one.</summary>
    public static async Task<BackupFile> OpenAsync(string file, CancellationToken ct)
    {
        ZipArchive? zip = null;
        try
        {
            zip = await ZipFile.OpenReadAsync(file, ct);
            if (zip.GetEntry(About) is not { } about || zip.GetEntry(Dump) is not { } dump)
                throw new CommandException(CommandException.BadData, $"{file} is no backup of TICMaTe.");

            await using var text = await about.OpenAsync(ct);
            if (await JsonSerializer.DeserializeAsync<Manifest>(text, Json, ct) is not { Contents: not null } manifest || manifest.Format != Format)
                throw new CommandException(CommandException.BadData, $"{file} was written by another version of TICMaTe, which reads it.");

            await using var stream = await dump.OpenAsync(ct);
            if (Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, ct)) != manifest.Sha256)
                throw new CommandException(CommandException.BadData, $"{file} is damaged: its dump is not the one that its manifest tells of.");

            return new BackupFile(zip, manifest);
        }
        catch (Exception e)
        {
            zip?.Dispose();
            throw e switch
            {
                InvalidDataException or JsonException => new CommandException(CommandException.BadData, $"{file} is damaged, or no backup of TICMaTe.", e),
                IOException or UnauthorizedAccessException => new CommandException(CommandException.NoInput, $"{file} could not be read: {e.Message}", e),
                _ => e,
            };
        }
    }

    public Task<Stream> OpenDumpAsync(CancellationToken ct) => zip.GetEntry(Dump)!.OpenAsync(ct);

    public void Dispose() => zip.Dispose();
}
