namespace TicMate.Tickets.Quality;

/// <summary>How sure the agent was, in ten steps.</summary>
public static class Confidence
{
    public const int Buckets = 10;

    /// <summary>From 0 to 9; each bucket begins with its lower bound, and full confidence belongs to the last.</summary>
    public static int BucketOf(double confidence) =>
        double.IsNaN(confidence) ? 0 : (int)Math.Clamp(Math.Floor(Math.Round(confidence * Buckets, 9)), 0, Buckets - 1);
}
