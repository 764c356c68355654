using JasperFx.Events.EventModeling;
using JasperFx.Events.Projections;
using Marten;
using Marten.Schema;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection.Extensions;
using TicMate.Identity.Contracts;
using TicMate.Identity.Email;
using TicMate.Identity.Links;
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
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<SessionCookies>();
        services.AddSingleton<IPeople, PeopleCache>();
        services.AddMail();
        services.AddSingleton<IPostOffice, PostOffice>();
        services.AddSingleton<LinkTokens>();
        services.AddSingleton<AccountLinks>();
        services.AddSingleton<AccountMails>();
        services.AddHostedService<SweepLinks>();
        services.ConfigureOptions<SessionAuthentication>();
        services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        services.AddAuthorization();

        services.ConfigureMarten(store =>
        {
            store.Projections.Snapshot<User>(SnapshotLifecycle.Inline);
            store.Projections.Snapshot<Session>(SnapshotLifecycle.Inline);
            store.Schema.For<User>().Index(user => user.Role);
            store.Schema.For<PersonalData>().UniqueIndex(UniqueIndexType.Computed, "one_account_per_email", person => person.EmailKey);
            store.Schema.For<OneTimeToken>().Duplicate(token => token.Hash).Duplicate(token => token.Purpose).Duplicate(token => token.ExpiresAt);
        });

        services.ConfigureWolverine(wolverine => wolverine.Discovery.IncludeAssembly(typeof(IdentityModule).Assembly));
        return services.AddEventModel("TicMate", model => model.Domain("Identity").Includes(typeof(IdentityModule).Assembly));
    }
}
