using JasperFx.Events.EventModeling;
using JasperFx.Events.Projections;
using Marten;
using Marten.Schema;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection.Extensions;
using TicMate.Identity.Contracts;
using TicMate.Identity.Email;
using TicMate.Identity.Passwords;
using TicMate.Identity.Profile;
using TicMate.Identity.Sessions;
using TicMate.Identity.Sessions.Throttle;
using Wolverine;

namespace TicMate.Identity;

/// <summary>Who people are: accounts, sessions, addresses.</summary>
public static class IdentityModule
{
    public static IServiceCollection AddIdentity(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<PasswordHasher>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<SessionCookies>();
        services.AddSingleton<IPeople, PeopleCache>();
        services.AddOptions<ThrottleOptions>().BindConfiguration("Throttle");
        services.AddSingleton<KnownDevices>();
        services.AddSingleton<SignInThrottle>();
        services.AddHostedService<SweepFailures>();
        services.AddMail();
        services.AddSingleton<IPostOffice, PostOffice>();
        services.ConfigureOptions<SessionAuthentication>();
        services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        services.AddAuthorization();

        services.ConfigureMarten(store =>
        {
            store.Projections.Snapshot<User>(SnapshotLifecycle.Inline);
            store.Projections.Snapshot<Session>(SnapshotLifecycle.Inline);
            store.Storage.ExtendedSchemaObjects.Add(SignInThrottle.Definition(store.DatabaseSchemaName));
            store.Schema.For<User>().Index(user => user.Role);
            store.Schema.For<PersonalData>().UniqueIndex(UniqueIndexType.Computed, "one_account_per_email", person => person.EmailKey);
        });

        services.ConfigureWolverine(wolverine => wolverine.Discovery.IncludeAssembly(typeof(IdentityModule).Assembly));
        return services.AddEventModel("TicMate", model => model.Domain("Identity").Includes(typeof(IdentityModule).Assembly));
    }
}
