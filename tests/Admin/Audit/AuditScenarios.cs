using System.Data;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using TicMate.Admin.Audit;

namespace TicMate.Tests.Admin.Audit;

/// <summary>What tests of the chain do: have it catch up, and look at it after somebody went at the database, all in a transaction that is taken back.</summary>
public abstract class AuditScenarios(App app) : AppTest(app)
{
    protected AuditChain Chain => Host.Services.GetRequiredService<AuditChain>();
    protected AuditVerifier Verifier => Host.Services.GetRequiredService<AuditVerifier>();
    protected AuditCheckpoints Checkpoints => Host.Services.GetRequiredService<AuditCheckpoints>();

    /// <summary>The chain as far as the log goes; answers where the next link will be.</summary>
    protected async Task<long> CatchUp()
    {
        await Chain.ExtendAsync(await Number("select coalesce(max(seq_id), 0) from ticmate.mt_events"), Ct);
        return await Number("select coalesce(max(position), 0) + 1 from ticmate.audit_chain");
    }

    /// <summary>The same, and nobody is at work any more on anything before it.</summary>
    protected async Task Settle()
    {
        await CatchUp();
        var goal = await Number("select chained_to from ticmate.audit_progress");
        for (var tries = 0; await Number("select final_to from ticmate.audit_progress") < goal; tries++)
        {
            tries.ShouldBeLessThan(1_000);
            await Chain.SweepAsync(Ct);
        }
    }

    protected async Task<AuditVerdict> Check(long from, params string[] changes)
    {
        await using var connection = await Open();
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, Ct);
        foreach (var change in changes)
            await using (var command = new NpgsqlCommand(change, connection))
                (await command.ExecuteNonQueryAsync(Ct)).ShouldNotBe(0, change);

        return await Verifier.VerifyAsync(connection, from, long.MaxValue / 2, [], null, Ct);
    }

    protected async Task<NpgsqlConnection> Open()
    {
        var connection = Store.Storage.Database.CreateConnection();
        await connection.OpenAsync(Ct);
        return connection;
    }

    protected async Task<long> Number(string sql)
    {
        await using var connection = await Open();
        await using var query = new NpgsqlCommand(sql, connection);
        return (long)(await query.ExecuteScalarAsync(Ct))!;
    }

    /// <summary>A new stream of one event that is a copy of another, under a number of the caller's choice.</summary>
    protected static string[] Copy(long of, long seq)
    {
        var (id, stream) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        return
        [
            $"insert into ticmate.mt_streams (id, type, version, timestamp, created, tenant_id, is_archived) select '{stream}', type, 1, timestamp, created, tenant_id, is_archived from ticmate.mt_streams where id = (select stream_id from ticmate.mt_events where seq_id = {of})",
            $"insert into ticmate.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, user_name, is_archived) select {seq}, '{id}', '{stream}', 1, data, type, timestamp, tenant_id, mt_dotnet_type, user_name, is_archived from ticmate.mt_events where seq_id = {of}",
        ];
    }
}
