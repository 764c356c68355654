using JasperFx.Events.EventModeling;
using Wolverine;

namespace TicMate.Admin;

/// <summary>What happened, in numbers.</summary>
public static class AdminModule
{
    public static IServiceCollection AddAdmin(this IServiceCollection services)
    {
        services.ConfigureWolverine(wolverine => wolverine.Discovery.IncludeAssembly(typeof(AdminModule).Assembly));
        return services.AddEventModel("TicMate", model => model.Domain("Admin").Includes(typeof(AdminModule).Assembly));
    }
}
