using JasperFx.Events.EventModeling;
using Marten;
using TicMate.Admin.Operations;
using TicMate.Admin.Operations.DeadLetters;
using TicMate.Admin.Operations.Rebuilding;
using Wolverine;

namespace TicMate.Admin;

/// <summary>What happened, in numbers.</summary>
public static class AdminModule
{
    public static IServiceCollection AddAdmin(this IServiceCollection services)
    {
        services.AddSingleton<Backlogs>();
        services.AddSingleton<RunningNodes>();
        services.AddSingleton<GivenUpMessages>();
        services.AddSingleton<Rebuilds>();
        services.AddSingleton<BackgroundRebuilds>().AddHostedService(provider => provider.GetRequiredService<BackgroundRebuilds>());
        services.AddHostedService<WatchProjections>();

        services.ConfigureMarten(store => store.RegisterDocumentType<Rebuild>());

        // After every projection, of whichever module.
        services.ConfigureMarten(ReadModel.MakeRoom);
        services.ConfigureWolverine(wolverine => wolverine.Discovery.IncludeAssembly(typeof(AdminModule).Assembly));
        return services.AddEventModel("TicMate", model => model.Domain("Admin").Includes(typeof(AdminModule).Assembly));
    }
}
