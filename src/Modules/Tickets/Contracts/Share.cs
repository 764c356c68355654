namespace TicMate.Tickets.Contracts;

/// <summary>How many of how many, and between which shares the true one lies with 95 % confidence. Without any there is no share.</summary>
public sealed record Share(long Count, long N, double? Rate, double? Low, double? High)
{
    // The 97.5th percentile of the normal distribution.
    private const double Z = 1.959963984540054;

    /// <summary>With the interval of Wilson's score, which holds for few and for extreme shares too.</summary>
    public static Share Of(long count, long n)
    {
        if (n <= 0)
            return new(count, 0, null, null, null);

        var (rate, scale) = ((double)count / n, 1 + (Z * Z / n));
        var middle = (rate + (Z * Z / (2 * n))) / scale;
        var half = Z / scale * Math.Sqrt((rate * (1 - rate) / n) + (Z * Z / (4.0 * n * n)));
        return new(count, n, Rounded(rate), Rounded(middle - half), Rounded(middle + half));
    }

    private static double Rounded(double share) => Math.Round(Math.Clamp(share, 0, 1), 4);
}
