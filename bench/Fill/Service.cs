using System.Globalization;
using System.Net;
using Marten;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using TicMate.Host;
using Wolverine;
using Wolverine.Runtime;

namespace TicMate.Bench.Fill;

/// <summary>The real service in this process, on a database of one's choice.</summary>
/// <param name="isAtWork">Whether it does what it does in the background: triage, projections, reminders. A database is filled while nobody does.</param>
public sealed class Service(string database, bool isAtWork) : WebApplicationFactory<global::Program>
{
    /// <summary>What its tokens are signed with.</summary>
    public const string Secret = "a secret of the benchmark, long enough for a key";

    private readonly string folder = Directory.CreateTempSubdirectory("ticmate-bench-").FullName;

    public IDocumentStore Store => Services.GetRequiredService<IDocumentStore>();

    /// <summary>What the command migrate does.</summary>
    public async Task MigrateAsync()
    {
        await Store.Storage.ApplyAllConfiguredChangesToDatabaseAsync();
        await Services.GetRequiredService<IWolverineRuntime>().Storage.Admin.MigrateAsync();
    }

    // Wolverine would look for the service's handlers, and for the code generated for them, in the program that started it.
    static Service() => JasperFx.JasperFxOptions.RememberedApplicationAssembly = typeof(global::Program).Assembly;

    protected override void ConfigureWebHost(IWebHostBuilder web)
    {
        web.UseSetting("ConnectionStrings:Database", database);
        web.UseSetting("Identity:Secret", Secret);
        web.UseSetting("Erasure:LedgerFile", Path.Combine(folder, "erasures.ndjson"));
        web.UseSetting("Mail:Folder", Path.Combine(folder, "mail"));
        web.UseSetting("DemoAccounts", "false");
        web.UseSetting("Logging:LogLevel:Default", "Warning");
        foreach (var policy in new RateLimitOptions().ByName)
            foreach (var span in new[] { "PerMinute", "PerHour", "PerDay" })
                web.UseSetting($"RateLimits:{policy.Key}:{span}", int.MaxValue.ToString(CultureInfo.InvariantCulture));

        web.ConfigureTestServices(services =>
        {
            services.RunWolverineInSoloMode();
            services.AddSingleton<IStartupFilter, CallersHaveAddresses>();
            if (!isAtWork)
                foreach (var service in services.Where(s => s.ServiceType == typeof(IHostedService) && s.ImplementationType?.Namespace?.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) is not true).ToArray())
                    services.Remove(service);
        });
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    // The test server has no network, so without this the log would not say from where a request came.
    private sealed class CallersHaveAddresses : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((http, following) =>
            {
                http.Connection.RemoteIpAddress ??= IPAddress.Parse("192.0.2.1");
                return following(http);
            });
            next(app);
        };
    }
}
