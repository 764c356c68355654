using System.Text.Json;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using TicMate.Identity.Contracts;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace TicMate.Admin.Dashboard;

/// <summary>
/// Dashboards as they were just answered. A page that is open asks every few seconds, and putting the numbers together takes milliseconds, so
/// one is given again until something more is counted, for a second at most: time passes for what is overdue, too.
/// </summary>
public sealed class RecentDashboards(Dashboards dashboards, DashboardNumbers projection, IOptions<JsonOptions> json, TimeProvider clock) : IDisposable
{
    private const int Most = 64;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private readonly MemoryCache answers = new(new MemoryCacheOptions { SizeLimit = Most });

    private sealed record Answered(long Counted, long At, Lazy<Task<byte[]>> Json);

    /// <summary>The answer as JSON.</summary>
    /// <param name="asked">The request's parameters as they were written.</param>
    public async Task<byte[]> ReadAsync(DashboardQuery query, string asked, CurrentUser admin, int newest, CancellationToken ct)
    {
        var progress = await projection.CatchUpAsync(Actor.NameOf(admin.Id, admin.ApiKeyId), ct);
        if (!progress.IsUpToDate)
            return await MakeAsync(query, admin, newest, false, ct);

        var key = (admin.Id, asked);
        if (answers.TryGetValue(key, out Answered? answered) && answered!.Counted == progress.Counted && clock.GetElapsedTime(answered.At) < Longest)
            return await answered.Json.Value.WaitAsync(ct);

        // Whoever asks meanwhile waits for the same one, whoever goes away.
        var made = new Answered(progress.Counted, clock.GetTimestamp(), new(() => MakeAsync(query, admin, newest, true, CancellationToken.None)));
        answers.Set(key, made, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Longest });
        try
        {
            return await made.Json.Value.WaitAsync(ct);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            answers.Remove(key);
            throw;
        }
    }

    private async Task<byte[]> MakeAsync(DashboardQuery query, CurrentUser admin, int newest, bool isUpToDate, CancellationToken ct) =>
        JsonSerializer.SerializeToUtf8Bytes(await dashboards.ReadAsync(query, admin, newest, isUpToDate, ct), json.Value.SerializerOptions);

    public void Dispose() => answers.Dispose();
}
