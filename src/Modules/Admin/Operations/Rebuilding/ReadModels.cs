using JasperFx.Events;
using JasperFx.Events.Aggregation;
using JasperFx.Events.Projections;
using Marten;
using Marten.Events.Projections;
using TicMate.Identity.Contracts;
using Weasel.Postgresql.Tables;

namespace TicMate.Admin.Operations.Rebuilding;

/// <summary>What is worked out from the events and read instead of them.</summary>
/// <param name="Kind">async, inline or snapshot.</param>
/// <param name="Shard">Under which name its progress is stored, if it runs behind the events.</param>
/// <param name="Document">The documents that a snapshot keeps.</param>
public sealed record ReadModel(string Name, string Kind, string? Shard, EventProjection? Projection, Type? Document)
{
    public const string Async = "async", Inline = "inline", Snapshot = "snapshot";

    /// <summary>Where read models are built beside those in use. Its tables are always there: the service's role may not make any.</summary>
    public static string ScratchOf(string schema) => $"{schema}_rebuild";

    /// <summary>Every read model of a store, documents before the tables that are made of them.</summary>
    public static IReadOnlyList<ReadModel> Of(StoreOptions store) =>
        [.. store.Projections.All.Select(Of).OfType<ReadModel>().OrderBy(model => model.Document is null).ThenBy(model => model.Name, StringComparer.Ordinal)];

    /// <summary>Makes the tables to rebuild in known to the store, so that they are made and migrated like the others.</summary>
    public static void MakeRoom(StoreOptions store)
    {
        foreach (var model in Of(store).Where(model => model.Projection is not null))
            store.Storage.ExtendedSchemaObjects.AddRange(((IBuildsBeside)model.Projection!).Beside(ScratchOf(store.DatabaseSchemaName)).SchemaObjects);
    }

    public IReadOnlyList<Table> Tables => [.. (Projection?.SchemaObjects ?? []).OfType<Table>()];

    private static ReadModel? Of(object source) => source switch
    {
        EventProjection { Lifecycle: ProjectionLifecycle.Async } events and IBuildsBeside => new(NameOf(events), Async, events.ShardNames().Single().Identity, events, null),
        EventProjection { Lifecycle: ProjectionLifecycle.Inline } events and IBuildsBeside => new(NameOf(events), Inline, null, events, null),
        IAggregateProjection { Lifecycle: ProjectionLifecycle.Inline } aggregate => new(aggregate.AggregateType.Name, Snapshot, null, null, aggregate.AggregateType),
        _ => null,
    };

    private static string NameOf(EventProjection projection) => projection.GetType().Name.Replace("Projection", "", StringComparison.Ordinal);
}
