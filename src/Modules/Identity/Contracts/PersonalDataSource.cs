namespace TicMate.Identity.Contracts;

/// <summary>A module that keeps what people wrote registers one, so that a person's export holds all of it.</summary>
public interface IPersonalDataSource
{
    /// <summary>The member of the export that it fills.</summary>
    string Section { get; }

    /// <summary>Everything of the person, in pages, so that any amount of it takes the same memory.</summary>
    IAsyncEnumerable<object> ReadAsync(Guid userId, CancellationToken ct);
}
