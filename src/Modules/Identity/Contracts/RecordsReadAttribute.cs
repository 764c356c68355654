namespace TicMate.Identity.Contracts;

/// <summary>
/// What this route answers is personal data of others, so the answer is recorded before it is sent. The same read is recorded once a minute,
/// so that a page which refreshes itself does not fill the log.
/// </summary>
/// <param name="what">What is read, in kebab-case.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RecordsReadAttribute(string what) : Attribute
{
    public string What => what;

    /// <summary>Every single answer counts: an export leaves the house.</summary>
    public bool EveryTime { get; init; }
}
