using Marten;
using TicMate.Identity.Contracts;

namespace TicMate.Tickets.Drafting;

/// <summary>Drafts that nobody has sent within two weeks are forgotten. What was sent keeps its empty row: the draft must not count twice.</summary>
public sealed class SweepDrafts(IDocumentStore store, TimeProvider clock, ILogger<SweepDrafts> log) : HourlyWork(clock, log)
{
    public override async Task WorkAsync(CancellationToken ct)
    {
        await using var session = store.LightweightSession();
        session.QueueSqlCommand(
            $"delete from {store.Options.DatabaseSchemaName}.mt_doc_drafttext where data ->> 'replyId' is null and mt_last_modified < now() - interval '14 days'");
        await session.SaveChangesAsync(ct);
    }
}
