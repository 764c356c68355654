using Marten;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace TicMate.Host;

/// <summary>Ready means that the database answers within a second. The model and the mail server never make a node unready.</summary>
public sealed class DatabaseAnswers(IDocumentStore store) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken ct = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromSeconds(1));
        await using var session = store.QuerySession();
        await session.QueryAsync<int>("select 1", limit.Token);
        return HealthCheckResult.Healthy();
    }
}
