using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Sessions;

namespace TicMate.Identity.Accounts;

/// <summary>What is kept about people only for a while goes in time. Each statement can run twice.</summary>
public sealed class Retention(IDocumentStore store, TimeProvider clock, ILogger<Retention> log) : HourlyWork(clock, log)
{
    // Addresses lose their last part after 30 days. Sessions that are over stay that long for the audit, then only their events do.
    private static string[] Statements(string schema) =>
    [
        $"update {schema}.{EventClients.TableName} set address = network(set_masklen(address, case family(address) when 4 then 24 else 48 end)) where at < now() - interval '30 days' and masklen(address) in (32, 128)",
        $"delete from {schema}.mt_doc_lastuse where (data ->> 'at')::timestamptz < now() - interval '60 days'",
        $"delete from {schema}.mt_doc_refreshhead where (data ->> 'issuedAt')::timestamptz < now() - interval '60 days'",
        $"delete from {schema}.mt_doc_session where (data ->> 'startedAt')::timestamptz < now() - interval '60 days'",
    ];

    public override async Task WorkAsync(CancellationToken ct)
    {
        await using var session = store.LightweightSession();
        foreach (var statement in Statements(store.Options.DatabaseSchemaName))
            session.QueueSqlCommand(statement);

        await session.SaveChangesAsync(ct);
    }
}
