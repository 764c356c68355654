using JasperFx.Events.EventModeling;
using JasperFx.Events.Projections;
using Marten;
using TicMate.Admin.Audit;
using TicMate.Admin.Dashboard;
using TicMate.Admin.Operations;
using TicMate.Admin.Operations.DeadLetters;
using TicMate.Admin.Operations.Rebuilding;
using TicMate.Admin.Users;
using Wolverine;

namespace TicMate.Admin;

/// <summary>What happened, in numbers.</summary>
public static class AdminModule
{
    public static IServiceCollection AddAdmin(this IServiceCollection services)
    {
        services.AddSingleton<DashboardNumbers>();
        services.AddSingleton<Dashboards>().AddSingleton<RecentDashboards>();
        services.AddSingleton<UserRows>();
        services.AddSingleton<AuditReader>();
        services.AddSingleton<ReadLog>();
        services.AddSingleton<AuditChain>();
        services.AddSingleton<CheckpointKeys>();
        services.AddSingleton<AuditCheckpoints>();
        services.AddSingleton<AuditVerifier>();
        services.AddSingleton<VerifierTurn>();
        services.AddHostedService<WatchChain>();
        services.AddSingleton<Backlogs>();
        services.AddSingleton<RunningNodes>();
        services.AddSingleton<GivenUpMessages>();
        services.AddSingleton<Rebuilds>();
        services.AddSingleton<BackgroundRebuilds>().AddHostedService(provider => provider.GetRequiredService<BackgroundRebuilds>());
        services.AddHostedService<WatchProjections>();
        services.AddSingleton<WatchBacklog>().AddHostedService(provider => provider.GetRequiredService<WatchBacklog>());

        services.ConfigureMarten(store =>
        {
            foreach (var table in new AuditTables(store.DatabaseSchemaName).Definitions())
                store.Storage.ExtendedSchemaObjects.Add(table);
            foreach (var index in AuditIndexes.All.Keys)
                store.Events.IgnoreIndex(index);
            store.Storage.Add(new AuditIndexes(store));
            store.Events.Subscribe(new BuildChain());
            store.RegisterDocumentType<Rebuild>();
            store.Projections.Add(new DashboardProjection(store.DatabaseSchemaName), ProjectionLifecycle.Async);
        });

        // After every projection, of whichever module.
        services.ConfigureMarten(ReadModel.MakeRoom);
        services.ConfigureWolverine(wolverine => wolverine.Discovery.IncludeAssembly(typeof(AdminModule).Assembly));
        return services.AddEventModel("TicMate", model => model.Domain("Admin").Includes(typeof(AdminModule).Assembly));
    }
}
