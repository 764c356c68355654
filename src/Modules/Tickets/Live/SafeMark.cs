using System.Collections.Frozen;

namespace TicMate.Tickets.Live;

/// <summary>
/// Up to where the log is final: nothing at or below will appear any more. An event gets its number before it commits, so a higher one may
/// be seen first, and one that is rolled back leaves its number empty for ever. Which of the two a gap is, no waiting tells; but a
/// transaction that took a number keeps a lock on the sequence until it is over. So above a gap a fence is put up, those who hold that lock
/// are noted, and once all of them are over, whatever is still missing below the fence never comes.
/// </summary>
/// <param name="Value">Null until the first fence is passed.</param>
public sealed record SafeMark(long? Value, SafeMark.Fence? Ahead)
{
    /// <param name="Top">The highest number that was seen.</param>
    /// <param name="Writers">Who of those that were at work then still is; null before anybody asked.</param>
    public sealed record Fence(long Top, FrozenSet<string>? Writers);

    /// <summary>Where to begin when nothing is known but the highest number in the log.</summary>
    public static SafeMark StartingAt(long top) => new(null, new Fence(top, null));

    /// <summary>Whether <see cref="Next"/> needs to know who is at work.</summary>
    public bool IsWaiting => Ahead is not null;

    /// <summary>Nobody has asked yet who is at work: the next look may be all it takes.</summary>
    public bool IsFresh => Ahead is { Writers: null };

    /// <param name="writers">Who holds the sequence, asked before the log was read.</param>
    /// <param name="seen">The numbers read above the mark, ascending.</param>
    /// <param name="isPartial">There may be more than was read.</param>
    public SafeMark Next(IReadOnlyCollection<string> writers, IReadOnlyList<long> seen, bool isPartial)
    {
        var (mark, fence) = (Value, Ahead);
        if (fence is not null)
        {
            fence = fence with { Writers = fence.Writers is { } noted ? [.. noted.Intersect(writers)] : [.. writers] };
            if (fence.Writers.Count == 0)
                mark = isPartial && seen.Count > 0 ? Math.Min(fence.Top, seen[^1]) : fence.Top;
        }

        if (mark is not { } final)
            return this with { Ahead = fence };

        foreach (var number in seen.SkipWhile(n => n <= final))
        {
            if (number != final + 1)
                break;

            final = number;
        }

        if (fence is not null && final >= fence.Top)
            fence = null;

        if (fence is null && seen.Count > 0 && seen[^1] > final)
            fence = new Fence(seen[^1], null);

        return new(final, fence);
    }
}
