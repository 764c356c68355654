using JasperFx.Events.EventModeling;
using JasperFx.Events.Projections;
using Marten;
using TicMate.Admin.Dashboard;
using TicMate.Admin.Users;
using Wolverine;

namespace TicMate.Admin;

/// <summary>What happened, in numbers.</summary>
public static class AdminModule
{
    public static IServiceCollection AddAdmin(this IServiceCollection services)
    {
        services.AddSingleton<DashboardNumbers>();
        services.AddSingleton<Dashboards>();
        services.AddSingleton<UserRows>();

        services.ConfigureMarten(store => store.Projections.Add(new DashboardProjection(store.DatabaseSchemaName), ProjectionLifecycle.Async));
        services.ConfigureWolverine(wolverine => wolverine.Discovery.IncludeAssembly(typeof(AdminModule).Assembly));
        return services.AddEventModel("TicMate", model => model.Domain("Admin").Includes(typeof(AdminModule).Assembly));
    }
}
