using JasperFx.Resources;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Scalar.AspNetCore;
using TicMate.Admin.Audit;
using TicMate.Identity.ApiKeys;
using TicMate.Identity.Contracts;
using TicMate.Identity.Email;
using TicMate.Identity.Links;
using TicMate.Identity.Registration;
using TicMate.Identity.Sessions;
using TicMate.Tickets;

namespace TicMate.Host;

/// <summary>What a request passes on its way to an endpoint, and the settings that reach the modules.</summary>
public static class Pipeline
{
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
        services.Configure<AuditOptions>(options => (options.Secret, options.PreviousSecrets) = configuration["Audit:SigningKey"] is { Length: > 0 } own
            ? (own, configuration.Secrets("Audit:PreviousSigningKeys")) : (configuration["Identity:Secret"]!, [.. configuration.PreviousSecrets(), .. configuration.Secrets("Audit:PreviousSigningKeys")]));
        services.Configure<TicketsOptions>(options => options.TicketUrl = configuration.TicketUrl());
        services.Configure<AccountOptions>(options =>
        {
            options.RequireVerifiedEmail = configuration.GetValue("Identity:RequireVerifiedEmail", !builder.Environment.IsDevelopment());
            options.VerifyUrl = configuration.MailLink("Mail:VerifyUrl", LinkPages.VerifyPath);
            options.ResetUrl = configuration.MailLink("Mail:ResetUrl", LinkPages.ResetPath);
        });
        services.Configure<KestrelServerOptions>(ConnectionLimits.Apply);

        // Sweepers and learners catch and log what fails; none of them is worth the service.
        services.Configure<HostOptions>(host => host.BackgroundServiceExceptionBehavior = BackgroundServiceExceptionBehavior.Ignore);
        services.AddClientAddresses(configuration).AddLimits().AddIdempotency();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.UseHouseRules());
        services.AddSingleton<IProblemDetailsWriter, ProblemWriter>();
        services.AddProblemDetails();
        services.AddExceptionHandler<ExceptionAnswer>();
        services.AddOpenApi("v1", OpenApiDocumentRules.Describe);
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

    public static void UseHouseRules(this WebApplication app)
    {
        app.UseForwardedHeaders().UseSafeHeaders().UseExceptionHandler().UseStatusCodePages().UseRouting().UseCors();
        app.UseAuthentication().UseApiKeyScopes().UseRateLimiter().UseOriginCheck().UseAuthorization();
        app.Use((http, next) => http.NamesSomething() ? next(http) : Task.FromResult(http.Response.StatusCode = 404));
        app.UseMiddleware<RequestBody>().UseMiddleware<Gate>().UseMiddleware<Idempotency>().UseMiddleware<RecordReads>();

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

    // An id in a path is a canonical UUID; any other text names nothing.
    private static bool NamesSomething(this HttpContext http) => http.Request.RouteValues
        .All(value => !value.Key.EndsWith("Id", StringComparison.Ordinal) || new Reference(value.Value as string ?? "").Id != Reference.Nothing);
}
