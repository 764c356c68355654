namespace TicMate.Tickets.Searching;

/// <summary>
/// How the tickets that contain some terms are found. The index of words knows no order: for common words it lists most tickets, and where a word may
/// go on, it also reads every word that begins so. Then it is cheaper to walk along the list itself and look at the words of each ticket.
/// </summary>
/// <param name="Few">The terms that the index of words is asked for; of what it finds, the words are looked at for the others. None: for all.</param>
/// <param name="IsCommon">Whether a few hundred tickets surely hold a page.</param>
/// <param name="KnowsAges">Whether words are sorted by the age of their tickets without these.</param>
/// <param name="Newest">How many texts are walked, newest or oldest, before the index is asked.</param>
public sealed record SearchWay(string[] Few, bool IsCommon, bool KnowsAges, int Newest)
{
    /// <summary>From then on, other orders are walked, too, however long that takes.</summary>
    private const double Common = 0.05;

    // Measured, in microseconds: a text on the walk; a ticket that has one word, in the index; one that has all of the words, found there.
    private const double OfWalk = 0.9, OfWord = 0.15, OfMatch = 3;

    // A word that is so many times as frequent as the rarest one is not worth being asked for.
    private const double MuchCommoner = 14;

    // Of several lengths, so that there are few statements.
    private static readonly int[] Walks = [500, 2_000, 8_000];

    public static SearchWay Of(string[] terms, int take, WordStatistics words)
    {
        var shares = terms.Where(term => term.Any(char.IsLetterOrDigit)).Distinct().Select(term => (Term: term, Share: words.ShareOfBeginning(term))).ToArray();
        if (shares.Length == 0)
            return new([], false, words.KnowsAges, 0);

        var rarest = shares.Min(term => term.Share);
        var few = shares.Where(term => term.Share <= MuchCommoner * rarest).ToArray();
        var index = words.Tickets * ((OfWord * few.Sum(term => term.Share)) + (OfMatch * Product(few)));

        // As if words did not know each other; mostly they do, and the walk is shorter.
        var (all, expected) = (Product(shares), take / Product(shares));
        var isWalked = words.KnowsAges && expected <= Walks[^1] && expected * OfWalk < index;
        return new(few.Length < shares.Length ? [.. few.Select(term => term.Term)] : [], all >= Common, words.KnowsAges, isWalked ? Walks.First(walk => walk >= 4 * expected || walk == Walks[^1]) : 0);
    }

    private static double Product((string Term, double Share)[] terms) => terms.Aggregate(1.0, (product, term) => product * term.Share);
}
