using System.Text.Json;
using JasperFx.Core;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;
using Wolverine;
using Wolverine.ErrorHandling;
using Wolverine.Marten;
using Wolverine.Runtime.Handlers;

namespace TicMate.Host;

/// <summary>Something personal was erased for good. Ids only.</summary>
/// <param name="Kind">user or ticket.</param>
public sealed record Erasure(string Kind, Guid Id, DateTimeOffset At)
{
    public const string User = "user", Ticket = "ticket";
}

/// <summary>Write an erasure into the ledger. The message commits with the event.</summary>
public sealed record RecordErasure(Erasure Erasure);

public static class RecordErasureHandler
{
    // A ledger that cannot be written is written once somebody has mended it.
    public static void Configure(HandlerChain chain) => chain.OnException<IOException>().Or<UnauthorizedAccessException>()
        .ScheduleRetryIndefinitely(1.Minutes(), 10.Minutes(), 1.Hours());

    public static Task HandleAsync(RecordErasure command, IConfiguration configuration, CancellationToken ct) =>
        ErasureLedger.FileOf(configuration) is { } file ? ErasureLedger.AppendAsync(file, command.Erasure, ct) : Task.CompletedTask;
}

/// <summary>
/// What was erased, in a file outside the database, so that a restore of an older backup can erase it again: a line of JSON for each. A line may
/// come twice; several nodes may share a file or have one each.
/// </summary>
public static class ErasureLedger
{
    public const string Key = "Erasure:LedgerFile";
    private const int Tries = 100;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static string? FileOf(IConfiguration configuration) => configuration[Key] is { Length: > 0 } file ? file : null;

    public static void RecordErasures(this MartenIntegration events)
    {
        events.SubscribeToEvent<UserErased>().TransformedTo(e => new RecordErasure(new(Erasure.User, e.Data.UserId, e.Timestamp)));
        events.SubscribeToEvent<TicketErased>().TransformedTo(e => new RecordErasure(new(Erasure.Ticket, e.Data.TicketId, e.Timestamp)));
    }

    /// <summary>Adds a line and returns once it is on the disk.</summary>
    public static async Task AppendAsync(string file, Erasure erasure, CancellationToken ct)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        await using var ledger = await OpenAsync(file, ct);

        // A crash may have cut the last line; it is written again, and what is left of it stays alone.
        var isCut = false;
        if (ledger.Length > 0)
        {
            ledger.Seek(-1, SeekOrigin.End);
            isCut = ledger.ReadByte() != '\n';
        }

        await ledger.WriteAsync((byte[])[.. isCut ? "\n"u8 : [], .. JsonSerializer.SerializeToUtf8Bytes(erasure, Json), .. "\n"u8], ct);
        ledger.Flush(flushToDisk: true);
    }

    /// <summary>What any of the files tells of, each erasure once.</summary>
    public static IReadOnlyCollection<Erasure> Read(IEnumerable<string> files)
    {
        try
        {
            return [.. files.Select(Path.GetFullPath).Distinct().SelectMany(File.ReadLines).Select(Parse).OfType<Erasure>().DistinctBy(e => (e.Kind, e.Id))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(CommandException.NoInput, $"A ledger of erasures could not be read: {e.Message}", e);
        }
    }

    /// <summary>Null for what is left of a line that a crash has cut.</summary>
    public static Erasure? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<Erasure>(line, Json) is { Kind: Erasure.User or Erasure.Ticket } erasure && erasure.Id != Guid.Empty ? erasure : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // One writer at a time, whatever process it is in.
    private static async Task<FileStream> OpenAsync(string file, CancellationToken ct)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = PostgresFiles.OwnersFile;

        for (var attempt = 1; ; attempt++)
            try
            {
                return new(file, options);
            }
            catch (IOException) when (attempt < Tries && File.Exists(file))
            {
                await Task.Delay(20, ct);
            }
    }
}
