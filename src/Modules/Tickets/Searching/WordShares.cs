namespace TicMate.Tickets.Searching;

/// <summary>How many tickets there are and how frequent their words, as the database's own statistics of <see cref="SearchText"/> have it: roughly.</summary>
/// <param name="Tickets">How many have words.</param>
/// <param name="KnowsAges">Whether every row of words says how old its ticket is.</param>
public sealed class WordStatistics(double tickets, bool knowsAges, IEnumerable<(string Lexeme, double Share)> listed)
{
    /// <summary>How rare a word is while there are no statistics; later, one that they do not list is half as frequent as the rarest that they do.</summary>
    private const double Rare = 0.0005;

    // More than a stem is shorter than its word, mostly.
    private const int LongestEnding = 3;

    private readonly (string Lexeme, double Share)[] byName = [.. listed.OrderBy(word => word.Lexeme, StringComparer.Ordinal)];
    private double? unlisted;

    public double Tickets => tickets;

    public bool KnowsAges => knowsAges;

    private double Unlisted => unlisted ??= byName.Length == 0 ? Rare : byName.Min(word => word.Share) / 2;

    /// <summary>In what share of the tickets the word is.</summary>
    public double ShareOf(string lexeme) => From(lexeme) is var at && at < byName.Length && byName[at].Lexeme == lexeme ? byName[at].Share : Unlisted;

    /// <summary>In what share of the tickets a word is that begins as the term or its stem does.</summary>
    public double ShareOfBeginning(string term)
    {
        var (word, share) = (term.ToLowerInvariant(), Unlisted);
        for (var length = word.Length; length >= 1 && length >= word.Length - LongestEnding; length--)
            if (length == word.Length || (length > 2 && IsListed(word[..length])))
                share = Math.Max(share, Sum(word[..length]));

        return share;
    }

    // Words are listed twice, as they stand and by their stems.
    private double Sum(string beginning)
    {
        var (sum, most) = (0.0, 0.0);
        for (var at = From(beginning); at < byName.Length && byName[at].Lexeme.StartsWith(beginning, StringComparison.Ordinal); at++)
            (sum, most) = (sum + byName[at].Share, Math.Max(most, byName[at].Share));

        return Math.Min(0.95, Math.Max(most, sum / 2));
    }

    private bool IsListed(string lexeme) => From(lexeme) is var at && at < byName.Length && byName[at].Lexeme == lexeme;

    private int From(string lexeme)
    {
        var (low, high) = (0, byName.Length);
        while (low < high)
            if ((low + high) / 2 is var middle && string.CompareOrdinal(byName[middle].Lexeme, lexeme) < 0)
                low = middle + 1;
            else
                high = middle;

        return low;
    }
}

/// <summary>Remembers <see cref="WordStatistics"/> for a minute: reading them costs more than a search.</summary>
public sealed class WordShares(TimeProvider clock) : IDisposable
{
    private const int MostWords = 10_000;
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);
    private readonly SemaphoreSlim reading = new(1);
    private volatile Remembered? remembered;

    private sealed record Remembered(WordStatistics Statistics, DateTimeOffset Until);

    public async ValueTask<WordStatistics> CurrentAsync(TicketLists lists, CancellationToken ct)
    {
        if (remembered is { } known)
        {
            // Whoever comes while another reads goes on with what was known.
            if (clock.GetUtcNow() < known.Until || !await reading.WaitAsync(TimeSpan.Zero, ct))
                return known.Statistics;
        }
        else
            await reading.WaitAsync(ct);

        try
        {
            if (remembered is { } another && clock.GetUtcNow() < another.Until)
                return another.Statistics;

            var read = await ReadAsync(lists, ct);
            remembered = new(read, clock.GetUtcNow() + Fresh);
            return read;
        }
        finally
        {
            reading.Release();
        }
    }

    public void Dispose() => reading.Dispose();

    private static async Task<WordStatistics> ReadAsync(TicketLists lists, CancellationToken ct)
    {
        var schema = lists.Schema;
        var rows = await lists.ReadAsync(
            new TicketSql(schema).As(
                $"""
                select c.reltuples::float8, not exists (select from {schema}.{SearchText.Table} where created_at is null), w.lexeme, w.share::float8
                from pg_class c left join (
                    select u.lexeme, u.share from pg_stats s, unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) as u(lexeme, share)
                    where s.schemaname = '{schema}' and s.tablename = '{SearchText.Table}' and s.attname = 'words' and u.lexeme is not null order by u.share desc limit {MostWords}) w on true
                where c.oid = '{schema}.{SearchText.Table}'::regclass
                """),
            row => (Tickets: row.GetDouble(0), KnowsAges: row.GetBoolean(1), Lexeme: row.IsDBNull(2) ? null : row.GetString(2), Share: row.IsDBNull(3) ? 0 : row.GetDouble(3)), ct);
        return new(Math.Max(1, rows[0].Tickets), rows[0].KnowsAges, rows.Where(row => row.Lexeme is not null).Select(row => (row.Lexeme!, row.Share)));
    }
}
