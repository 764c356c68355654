using JasperFx.Events.EventModeling;
using JasperFx.Events.Projections;
using Marten;
using Marten.Schema;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection.Extensions;
using TicMate.Identity.Accounts;
using TicMate.Identity.ApiKeys;
using TicMate.Identity.Contracts;
using TicMate.Identity.Email;
using TicMate.Identity.Links;
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
        services.TryAddSingleton<TimeProvider, DatabaseTime>();
        services.AddSingleton<PasswordHasher>();
        services.AddSingleton<CreateAdmin>();
        services.AddSingleton<Keys>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<RefreshTokens>();
        services.AddSingleton<SessionHandles>();
        services.AddSingleton<SessionCache>();
        services.AddSingleton<SessionLookup>();
        services.AddSingleton<ISessions, WatchedSessions>();
        services.AddSingleton<LastUses>();
        services.AddHostedService<HearSessionNews>();
        services.AddHostedService<SaveLastUses>();
        services.AddSingleton<IConfigureMarten, TellSessionNews>();
        services.AddSingleton<IConfigureMarten, IdentityTelemetry>();
        services.AddSingleton<SessionCookies>();
        services.AddSingleton<RememberedNames>();
        services.AddSingleton<IPeople, PeopleCache>();
        services.AddSingleton<IStaff, RememberedStaff>();
        services.AddSingleton<IAccounts, AccountList>();
        services.AddOptions<ThrottleOptions>().BindConfiguration("Throttle");
        services.AddSingleton<KnownDevices>();
        services.AddSingleton<SignInThrottle>();
        services.AddHostedService<SweepFailures>();
        services.AddMail();
        services.AddSingleton<Held>().AddHostedService<TellHeld>();
        services.AddSingleton<Mailer>().AddSingleton<IMailer, HeldMailer>();
        services.AddSingleton<IPostOffice, PostOffice>();
        services.AddHttpContextAccessor();
        services.AddSingleton<Retention>().AddHostedService(provider => provider.GetRequiredService<Retention>());
        services.AddSingleton<IConfigureMarten, ListenForClients>();
        services.AddSingleton<LinkTokens>();
        services.AddSingleton<AccountLinks>();
        services.AddSingleton<AccountMails>();
        services.AddHostedService<SweepLinks>();
        services.ConfigureOptions<SessionAuthentication>();
        services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        services.AddAuthorization();

        services.ConfigureMarten(store =>
        {
            store.Storage.ExtendedSchemaObjects.Add(EventClients.Table(store.DatabaseSchemaName));
            store.Storage.ExtendedSchemaObjects.Add(Held.TableIn(store.DatabaseSchemaName));
            store.Projections.Snapshot<User>(SnapshotLifecycle.Inline);
            store.Projections.Snapshot<Session>(SnapshotLifecycle.Inline);
            store.RegisterDocumentTypes([typeof(Credential), typeof(FormerAddress), typeof(MailQuota), typeof(LastUse), typeof(RefreshHead)]);
            store.Storage.ExtendedSchemaObjects.Add(SignInThrottle.Definition(store.DatabaseSchemaName));
            store.Schema.For<User>().Index(user => user.Role);
            store.Schema.For<Session>().Index(session => session.UserId);
            store.Schema.For<ApiKey>().Index(key => key.UserId).UniqueIndex(UniqueIndexType.Computed, "one_api_key_per_prefix", key => key.Prefix);
            store.Schema.For<PersonalData>().UniqueIndex(UniqueIndexType.Computed, "one_account_per_email", person => person.EmailKey);
            store.Schema.For<OneTimeToken>().Duplicate(token => token.Hash).Duplicate(token => token.Purpose).Duplicate(token => token.ExpiresAt);
        });

        services.ConfigureWolverine(wolverine => wolverine.Discovery.IncludeAssembly(typeof(IdentityModule).Assembly));
        return services.AddEventModel("TicMate", model => model.Domain("Identity").Includes(typeof(IdentityModule).Assembly));
    }
}

/// <summary>Hears of every session of the store, whoever opens it.</summary>
public sealed class ListenForClients(IHttpContextAccessor http) : IConfigureMarten
{
    public void Configure(IServiceProvider services, StoreOptions options) => options.Listeners.Add(new EventClients(http));
}
