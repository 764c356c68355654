using Marten.Events.Projections;

namespace TicMate.Identity.Contracts;

/// <summary>
/// A projection into tables of its own, all in one schema. A rebuild makes the same in another schema, beside the tables that are read, and
/// compares the two. What it writes must follow from the events alone, whatever the order of those of different streams.
/// </summary>
public interface IBuildsBeside
{
    /// <summary>The same projection, into tables of the same names in another schema.</summary>
    EventProjection Beside(string schema);

    /// <summary>Columns that no event tells of; a rebuild leaves them as they are.</summary>
    IReadOnlyCollection<string> NotFromEvents => [];
}
