using CsvHelper;

namespace TicMate.Tickets.Import;

/// <summary>A CSV file with a header, read row by row: however long it is, one row at a time is in memory.</summary>
public sealed class ImportFile : IDisposable
{
    private const int LargestRow = 1_000_000;

    private readonly Stream stream;
    private readonly CsvReader csv;
    private readonly ImportColumns columns;
    private CsvMalformedReason? malformed;

    /// <summary>Reads the header; <paramref name="stream"/> is disposed with this.</summary>
    public ImportFile(Stream stream, string? skillColumn)
    {
        this.stream = stream;
        csv = CsvReader.Create(stream, new CsvReaderOptions
        {
            Separator = ',', MaxRecordSize = LargestRow, TrackLineNumbers = true, OnMalformedRecord = record => malformed = record.Reason,
        });
        columns = ImportColumns.Of(Header(), skillColumn);
    }

    /// <summary>How much of the file is read, from 0 to 1; null when its length cannot be known.</summary>
    public double? Part => !stream.CanSeek ? null : stream.Length == 0 ? 1 : (double)stream.Position / stream.Length;

    /// <summary>The reading had to end before the file did; the last row says why.</summary>
    public bool IsCutShort { get; private set; }

    public static ImportFile Open(string path, string? skillColumn)
    {
        if (Directory.Exists(path))
            throw new UnusableFileException($"{path} is a folder.");

        FileStream? stream = null;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return new ImportFile(stream, skillColumn);
        }
        catch (Exception e)
        {
            stream?.Dispose();
            if (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
                throw new UnusableFileException($"{path} cannot be read: {e.Message}");

            throw;
        }
    }

    public IEnumerable<ImportRow> Rows()
    {
        while (!IsCutShort && Next() is { } row)
            yield return row;
    }

    public void Dispose() => csv.Dispose();

    private string[] Header()
    {
        try
        {
            return [.. csv.Headers];
        }
        catch (CsvFormatException)
        {
            throw new UnusableFileException("The first line is not that of a CSV file.");
        }
    }

    private ImportRow? Next()
    {
        malformed = null;
        try
        {
            return !csv.Read() ? null : malformed switch
            {
                null => ImportRow.Read(columns, csv.LineNumber, csv.Current.ToArray()),
                CsvMalformedReason.UnterminatedQuote => ImportRow.Rejected(csv.LineNumber, "A quote is never closed: the rest of the file belongs to this row."),
                _ => ImportRow.Rejected(csv.LineNumber, "A quote stands where none may be; write it twice inside a quoted field."),
            };
        }
        catch (Exception e) when (e is CsvFormatException or IOException)
        {
            IsCutShort = true;
            return e is CsvFormatException tooLong
                ? ImportRow.Rejected(tooLong.LineNumber, $"The row is longer than {LargestRow} bytes, perhaps because a quote is never closed. Nothing after it was read.")
                : ImportRow.Rejected(csv.LineNumber, $"The file cannot be read any further: {e.Message}");
        }
    }
}
