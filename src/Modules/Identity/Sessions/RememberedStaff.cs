using Marten;
using TicMate.Identity.Contracts;

namespace TicMate.Identity.Sessions;

/// <inheritdoc/>
public sealed class RememberedStaff(SessionCache cache, IDocumentStore store) : IStaff
{
    public async ValueTask<IReadOnlyList<User>> AllAsync(CancellationToken ct)
    {
        var readIn = cache.Epoch;
        if (cache.FindStaff() is { } known)
            return known;

        await using var session = store.QuerySession();
        var staff = await session.StaffAsync(ct);
        cache.PutStaff(readIn, staff);
        return staff;
    }
}
