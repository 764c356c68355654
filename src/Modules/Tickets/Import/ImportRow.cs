using System.Security.Cryptography;
using System.Text;
using TicMate.Identity.Contracts;
using TicMate.Tickets.Contracts;

namespace TicMate.Tickets.Import;

/// <summary>Why a file cannot be imported at all, in words for the person at the keyboard.</summary>
public sealed class UnusableFileException(string message) : Exception(message);

/// <summary>Where a file has the columns that an import knows; their names are compared without case.</summary>
public sealed record ImportColumns(int Count, int? Id, int? Title, int? Text, int? Description, int? Category, int? Priority, int? Skill)
{
    public static ImportColumns Of(string[] header, string? skillColumn)
    {
        if (header.Length == 0 || header.All(string.IsNullOrWhiteSpace))
            throw new UnusableFileException("The file has no header: its first line must name the columns.");

        var columns = new ImportColumns(
            header.Length, Find("id"), Find("title"), Find("text"), Find("description"), Find("category"), Find("priority"), skillColumn is null ? null : Find(skillColumn));

        if (columns.Text is null && (columns.Title is null || columns.Description is null))
            throw new UnusableFileException($"The file needs a column \"text\", or \"title\" and \"description\". Its first line names: {Named(header)}.");
        if (skillColumn is not null && columns.Skill is null)
            throw new UnusableFileException($"The file has no column \"{skillColumn}\". Its first line names: {Named(header)}.");

        return columns;

        int? Find(string name)
        {
            var places = Enumerable.Range(0, header.Length).Where(i => string.Equals(header[i].Trim(), name, StringComparison.OrdinalIgnoreCase)).ToArray();
            return places.Length switch
            {
                0 => null,
                1 => places[0],
                _ => throw new UnusableFileException($"The file has more than one column \"{name}\"."),
            };
        }
    }

    private static string Named(string[] header)
    {
        var names = string.Join(", ", header);
        return names.Length <= 200 ? names : $"{names[..200]}…";
    }
}

/// <summary>What one row of the file says: a ticket, or why it cannot become one.</summary>
/// <param name="Line">Where the row begins in the file.</param>
/// <param name="HasId">Its identity is the file's own; otherwise the row's contents, and equal rows have to be counted.</param>
public sealed record ImportRow(
    long Line, string? Fault, string Identity = "", bool HasId = false, string Title = "", string Description = "", string? Category = null,
    string? Priority = null, string? Skill = null)
{
    private const int DerivedTitle = 80;

    public static ImportRow Rejected(long line, string fault) => new(line, fault);

    public static ImportRow Read(ImportColumns columns, long line, string[] fields)
    {
        if (fields.Length > columns.Count)
            return Rejected(line, $"The row has {fields.Length} fields, the header {columns.Count}. Is a comma or a quote not quoted?");
        if (fields.Any(field => field.Contains('\uFFFD', StringComparison.Ordinal)))
            return Rejected(line, "The row holds bytes that are not UTF-8.");

        var id = Value(columns.Id)?.Trim();
        var text = Value(columns.Text);
        var title = Value(columns.Title)?.Trim() ?? FirstOf(text);
        var (description, category, priority, skill) = (Value(columns.Description) ?? text, Value(columns.Category)?.Trim(), Value(columns.Priority)?.Trim(), Value(columns.Skill)?.Trim());

        var faults = new Faults()
            .OptionalLine("id", id, 255)
            .Line("title", title, 255)
            .Text("description", description, 10_000)
            .OptionalLine("category", category, 255)
            .OneOf("priority", priority, Contracts.Priority.Words);
        if (columns.Skill is not null)
            faults.Line("skill", skill, 50);

        return faults.Problem is { Status: 400 } problem
            ? Rejected(line, text is null && title is null && description is null ? "The row has no text." : problem.Detail!)
            : new ImportRow(line, null, id is null ? Hash(fields) : $"id:{id}", id is not null, title!, description!, category, priority, skill);

        string? Value(int? column) => column is { } i && i < fields.Length && !string.IsNullOrWhiteSpace(fields[i]) ? fields[i] : null;
    }

    /// <summary>What tells this row from all others that were ever imported: its id, or its contents and how many equal rows came before it.</summary>
    public string KeyAfter(int equalRows) => HasId ? Identity : $"{Identity}.{equalRows + 1}";

    /// <summary>What happened: a new ticket, or one that was solved long ago and shows who knows what.</summary>
    public object[] Events(Guid ticketId, int number, string key, bool notify)
    {
        var created = new TicketCreated(ticketId, number, ServiceAccounts.Importer, Title, Description, Category, null, Priority, Priority is not null, key, !notify, IsTriaged: Skill is null);
        return Skill is null
            ? [created]
            : [created, new TicketSkillsRecorded(ticketId, [Skill]), new TicketStatusChanged(ticketId, null, Status.Todo, Status.Completed, null)];
    }

    private static string? FirstOf(string? text)
    {
        if (text is null)
            return null;

        // More than enough for what the title may hold, however long the text is.
        var line = string.Join(' ', text[..Math.Min(text.Length, 20 * DerivedTitle)].Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));
        return string.Concat(line.EnumerateRunes().Where(r => !Rune.IsControl(r)).Take(DerivedTitle)).Trim();
    }

    private static string Hash(string[] fields)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var field in fields)
        {
            // With its length, so that no field can pass for two.
            var bytes = Encoding.UTF8.GetBytes(field);
            hash.AppendData(BitConverter.GetBytes(bytes.LongLength));
            hash.AppendData(bytes);
        }

        return $"row:{Convert.ToHexStringLower(hash.GetHashAndReset())[..32]}";
    }
}
