using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using Marten.Subscriptions;

namespace TicMate.Admin.Audit;

/// <summary>
/// Has the chain follow the log. One node does it, the one that Wolverine gave this subscription to. The chain commits by itself and before
/// the subscription's own progress, so what is delivered again is found to be there.
/// </summary>
public sealed class BuildChain : SubscriptionBase
{
    public BuildChain() => Name = "AuditChain";

    public override async Task<IChangeListener> ProcessEventsAsync(
        EventRange page, ISubscriptionController controller, IDocumentOperations operations, CancellationToken cancellationToken)
    {
        await new AuditChain(operations.DocumentStore).ExtendAsync(page.SequenceCeiling, cancellationToken);
        return NullChangeListener.Instance;
    }
}
