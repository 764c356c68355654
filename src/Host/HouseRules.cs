using JasperFx;
using JasperFx.CodeGeneration;
using JasperFx.CodeGeneration.Frames;
using JasperFx.Core;
using JasperFx.Resources;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Npgsql;
using Scalar.AspNetCore;
using Wolverine;
using Wolverine.ErrorHandling;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using TicMate.Identity.ApiKeys;
using TicMate.Identity.Contracts;
using TicMate.Identity.Email;
using TicMate.Identity.Links;
using TicMate.Identity.Registration;
using TicMate.Identity.Sessions;
using TicMate.Tickets;
using Wolverine.Http;

namespace TicMate.Host;

/// <summary>What holds for every endpoint: who may call, how bodies are read, how failure looks.</summary>
public static class HouseRules
{
    /// <summary>A Release build runs the code that was generated when it was built, and carries no compiler.</summary>
#if DEBUG
    public const TypeLoadMode CodeMode = TypeLoadMode.Dynamic;
#else
    public const TypeLoadMode CodeMode = TypeLoadMode.Static;
#endif

    /// <summary>Where a Debug build writes that code, for the Release build to compile.</summary>
    public static string GeneratedCode => Path.Combine(Database.Checkout, "src", "Host", "Internal", "Generated");

    public static IServiceCollection AddHouse(this IServiceCollection services, WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        services.Configure<SignInOptions>(options =>
        {
            options.Secret = configuration["Identity:Secret"]!;
            options.PreviousSecrets = configuration.PreviousSecrets();
            options.AllowedOrigins = configuration.AllowedOrigins();
            options.SecureCookies = !builder.Environment.IsDevelopment();
        });
        services.Configure<TicketsOptions>(options => options.AppUrl = configuration["AppUrl"] is { Length: > 0 } url ? url : options.AppUrl);
        services.Configure<AccountOptions>(options =>
        {
            options.RequireVerifiedEmail = configuration.GetValue("Identity:RequireVerifiedEmail", !builder.Environment.IsDevelopment());
            options.VerifyUrl = configuration.MailLink("Mail:VerifyUrl", LinkPages.VerifyPath);
            options.ResetUrl = configuration.MailLink("Mail:ResetUrl", LinkPages.ResetPath);
        });
        services.Configure<KestrelServerOptions>(ConnectionLimits.Apply);
        services.AddClientAddresses(configuration).AddLimits();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.UseHouseRules());
        services.AddSingleton<IProblemDetailsWriter, ProblemWriter>();
        services.AddProblemDetails();
        services.AddExceptionHandler<ExceptionAnswer>();
        services.AddOpenApi("v1", ApiDescription.Describe);
        services.AddHealthChecks().AddCheck<DatabaseAnswers>("database", tags: ["ready"]);
        services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
            .WithOrigins(configuration.AllowedOrigins()).AllowCredentials().AllowAnyHeader().AllowAnyMethod().SetPreflightMaxAge(TimeSpan.FromMinutes(10))
            .WithExposedHeaders("ETag", "Location", "Retry-After", "Link", "Idempotency-Replayed", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")));

        // One event, one line: for people in Development, for machines elsewhere.
        builder.Logging.ClearProviders();
        if (builder.Environment.IsDevelopment())
            builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss "));
        else
            builder.Logging.AddJsonConsole(console => (console.UseUtcTimestamp, console.TimestampFormat) = (true, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'"));

        if (builder.Environment.IsDevelopment())
        {
            services.AddResourceSetupOnStartup();
            if (configuration.GetValue("DemoAccounts", true))
                services.AddHostedService<DemoAccounts>();
        }

        return services;
    }

    public static void UseHouseRules(this WolverineOptions wolverine, WebApplicationBuilder builder)
    {
        wolverine.MultipleHandlerBehavior = MultipleHandlerBehavior.Separated;
        wolverine.EnableRelayOfUserName = true;
        wolverine.Policies.AutoApplyTransactions();
        wolverine.Policies.UseDurableLocalQueues();

        // A mail server that is away is asked again for two days; anything else gets over a restart of the database, then waits as a dead letter.
        wolverine.OnException<MailUnavailableException>().ScheduleRetry(
            1.Minutes(), 5.Minutes(), 15.Minutes(), 1.Hours(), 3.Hours(), 6.Hours(), 12.Hours(), 24.Hours());
        wolverine.Policies.OnAnyException().RetryWithCooldown(250.Milliseconds(), 1.Seconds(), 3.Seconds(), 5.Seconds(), 10.Seconds());

        var durability = wolverine.Durability;
        durability.MessageStorageSchemaName = "wolverine";
        durability.DeadLetterQueueExpirationEnabled = true;

        // One node needs nobody's leave to start; several watch each other closely, so that a dead one's work waits seconds, not minutes.
        durability.Mode = builder.Configuration.GetValue("Nodes", 1) == 1 ? DurabilityMode.Solo : DurabilityMode.Balanced;
        durability.HealthCheckPollingTime = 2.Seconds();
        durability.StaleNodeTimeout = 8.Seconds();
        durability.NodeReassignmentPollingTime = 2.Seconds();
        durability.ScheduledJobFirstExecution = 500.Milliseconds();
        durability.ScheduledJobPollingTime = 1.Seconds();
        durability.CheckAssignmentPeriod = 5.Seconds();
    }

    public static void UseHouseRules(this WebApplication app)
    {
        app.UseForwardedHeaders().UseSafeHeaders().UseExceptionHandler().UseStatusCodePages().UseRouting().UseCors();
        app.UseAuthentication().UseRateLimiter().UseOriginCheck().UseApiKeyScopes().UseAuthorization();
        app.Use((http, next) => http.NamesSomething() ? next(http) : Task.FromResult(http.Response.StatusCode = 404));
        app.UseMiddleware<RequestBody>().UseMiddleware<Gate>();

        app.MapHealthChecks("/health/live", new() { Predicate = _ => false }).AllowAnonymous().DisableRateLimiting();
        app.MapHealthChecks("/health/ready", new() { Predicate = check => check.Tags.Contains("ready") }).AllowAnonymous().DisableRateLimiting();

        app.MapLinkPages();

        if (app.Configuration.GetValue("ApiDocs:Enabled", app.Environment.IsDevelopment()))
        {
            app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
            app.MapScalarApiReference("/docs").AllowAnonymous();
        }

        if (app.Environment.IsDevelopment())
            app.MapDevMailbox();

        if (app.Configuration.AllowsLoopback())
            app.Logger.LogWarning("Outbound:AllowLoopback is on: servers on this machine may be called. It is meant for tests.");
    }

    public static void UseHouseRules(this WolverineHttpOptions http)
    {
        http.RequireAuthorizeOnAll();
        http.RejectUnparseableQueryValues = true;
        http.MapConcurrencyFailuresToConflict(toProblemDetails: _ => Refuse.With(409, "changed-meanwhile", "Someone else changed this at the same moment. Read it again and retry."));
        http.AddMiddleware(typeof(CurrentUserMiddleware), chain => chain.Takes<CurrentUser>());
        http.ConfigureEndpoints(chain =>
        {
            chain.Metadata.WithTags(chain.Method.HandlerType.Namespace!.Split('.')[1]);
            chain.AnswerAfterCommit();
        });
    }

    // An id in a path is a canonical UUID; any other text names nothing.
    private static bool NamesSomething(this HttpContext http) => http.Request.RouteValues
        .All(value => !value.Key.EndsWith("Id", StringComparison.Ordinal) || new Reference(value.Value as string ?? "").Id != Reference.Nothing);

    // Without a stream to write to, Wolverine would work out the answer before it stores what the answer tells of.
    private static void AnswerAfterCommit(this HttpChain chain)
    {
        if (chain.Postprocessors.OfType<MethodCall>().FirstOrDefault(call => call.HandlerType.IsAssignableTo(typeof(IResponseAware))) is not { } answer)
            return;

        chain.Postprocessors.Remove(answer);
        chain.Postprocessors.Add(answer);
    }

    public static void UseHouseRules(this JsonSerializerOptions json)
    {
        json.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        json.PropertyNameCaseInsensitive = false;
        json.NumberHandling = JsonNumberHandling.Strict;
        json.MaxDepth = RequestBody.DeepestNesting + 1;
        json.Encoder = JavaScriptEncoder.Create(UnicodeRanges.All);
        json.Converters.Add(new UtcTimeConverter());
    }

    // Post-commit answers take it too, so whether a chain needs it is asked of its answer as well as of its methods.
    private static bool Takes<T>(this HttpChain chain) =>
        new[] { chain.Method.HandlerType, chain.Method.Method.ReturnType }.Concat(chain.Method.Method.ReturnType.GetGenericArguments())
            .SelectMany(type => type.GetMethods()).Any(method => method.GetParameters().Any(p => p.ParameterType == typeof(T)));
}

/// <summary>Fills in <see cref="CurrentUser"/> from the session that the authentication found.</summary>
public static class CurrentUserMiddleware
{
    public static CurrentUser Load(HttpContext http) => SessionUser.Of(http.User);
}

/// <summary>Times are RFC 3339 in UTC with a Z.</summary>
public sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset time, JsonSerializerOptions options) => writer.WriteStringValue(time.UtcDateTime);
}
