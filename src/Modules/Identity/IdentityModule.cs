using JasperFx.Events.EventModeling;
using JasperFx.Events.Projections;
using Marten;
using Marten.Schema;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection.Extensions;
using TicMate.Identity.ApiKeys;
using TicMate.Identity.Contracts;
using TicMate.Identity.Email;
using TicMate.Identity.Passwords;
using TicMate.Identity.Profile;
using TicMate.Identity.Sessions;
using Wolverine;

namespace TicMate.Identity;

/// <summary>Who people are: accounts, sessions, addresses.</summary>
public static class IdentityModule
{
    public static IServiceCollection AddIdentity(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<PasswordHasher>();
        services.AddSingleton<Keys>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<RefreshTokens>();
        services.AddSingleton<SessionHandles>();
        services.AddSingleton<SessionCache>();
        services.AddSingleton<SessionLookup>();
        services.AddSingleton<LastUses>();
        services.AddHostedService<HearSessionNews>();
        services.AddHostedService<SaveLastUses>();
        services.AddSingleton<IConfigureMarten, TellSessionNews>();
        services.AddSingleton<SessionCookies>();
        services.AddSingleton<IPeople, PeopleCache>();
        services.AddMail();
        services.AddSingleton<IPostOffice, PostOffice>();
        services.ConfigureOptions<SessionAuthentication>();
        services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        services.AddAuthorization();

        services.ConfigureMarten(store =>
        {
            store.Projections.Snapshot<User>(SnapshotLifecycle.Inline);
            store.Projections.Snapshot<Session>(SnapshotLifecycle.Inline);
            store.Schema.For<User>().Index(user => user.Role);
            store.Schema.For<Session>().Index(session => session.UserId);
            store.Schema.For<ApiKey>().Index(key => key.UserId).UniqueIndex(UniqueIndexType.Computed, "one_api_key_per_prefix", key => key.Prefix);
            store.Schema.For<PersonalData>().UniqueIndex(UniqueIndexType.Computed, "one_account_per_email", person => person.EmailKey);
        });

        services.ConfigureWolverine(wolverine => wolverine.Discovery.IncludeAssembly(typeof(IdentityModule).Assembly));
        return services.AddEventModel("TicMate", model => model.Domain("Identity").Includes(typeof(IdentityModule).Assembly));
    }
}
