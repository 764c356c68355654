using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace TicMate.Host;

/// <summary>Traces, metrics and logs, sent by OTLP where a collector is named. Where none is, nothing of this is there.</summary>
public static class Telemetry
{
    /// <summary>Switches it on. The exporter reads the other settings of OpenTelemetry by itself.</summary>
    public const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private const string Protocol = "OTEL_EXPORTER_OTLP_PROTOCOL", ServiceName = "OTEL_SERVICE_NAME", Share = "OTEL_TRACES_SAMPLER_ARG";

    private static readonly string[] Sources = ["Wolverine", "Npgsql", "System.Net.Http", "TicMate.*"];

    private static readonly string[] Meters =
    [
        "TicMate.*", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.RateLimiting", "System.Net.Http", "System.Runtime", "Npgsql",
        "Wolverine*", "Marten",
    ];

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        if (!IsOn(configuration))
            return;

        var (services, share) = (builder.Services, ShareOf(configuration));
        services.AddHostedService<QuietExceptions>();
        services.AddSingleton<IHealthCheckPublisher, ShowReadiness>();
        services.Configure<HealthCheckPublisherOptions>(health => (health.Period, health.Predicate) = (TimeSpan.FromSeconds(15), check => check.Tags.Contains("ready")));

        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(configuration[ServiceName] is { Length: > 0 } name ? name : "ticmate", serviceVersion: Version))
            .WithTracing(tracing => tracing
                .SetSampler(new WorthTelling(share))
                .AddSource(Sources)
                .AddAspNetCoreInstrumentation(http => http.Filter = request => !request.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal))
                .AddProcessor(new TellsNothingPersonal()))
            .WithMetrics(metrics => metrics
                .AddMeter(Meters)
                // These carry the address of each machine that ever answered; and a pool's name is how the database is reached.
                .AddView("http.client.open_connections", MetricStreamConfiguration.Drop)
                .AddView("http.client.connection.duration", MetricStreamConfiguration.Drop)
                .AddView(instrument => instrument.Meter.Name == "Npgsql" ? new MetricStreamConfiguration { TagKeys = ["db.client.connection.state", "error.type"] } : null))
            .WithLogging(logs => logs.AddProcessor(new NoMessagesOfExceptions()), log => log.IncludeFormattedMessage = true)
            .UseOtlpExporter();
    }

    /// <summary>Whether a collector is named.</summary>
    public static bool IsOn(IConfiguration configuration) => configuration[Endpoint] is { Length: > 0 };

    /// <summary>Refuses what the exporter would pass over without a word.</summary>
    public static void Check(IConfiguration configuration)
    {
        if (!IsOn(configuration))
            return;

        if (!Uri.TryCreate(configuration[Endpoint], UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw new SettingException($"{Endpoint} must be an address like http://localhost:4317.");

        if (configuration[Protocol] is { Length: > 0 } protocol and not ("grpc" or "http/protobuf"))
            throw new SettingException($"{Protocol} must be grpc or http/protobuf.");

        _ = ShareOf(configuration);
    }

    private static double ShareOf(IConfiguration configuration) => configuration[Share] is not { Length: > 0 } text ? 1
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1 ? share
        : throw new SettingException($"{Share} must be a number from 0 to 1: the share of the traces that is sent.");

    private static string Version => typeof(Telemetry).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}

/// <summary>
/// Keeps a share of the traces, whole ones, by their id alone: whoever calls cannot hide by a header. What the service asks the database every
/// second by itself begins no trace.
/// </summary>
public sealed class WorthTelling(double share) : Sampler
{
    private readonly TraceIdRatioBasedSampler sampler = new(share);

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        var parent = samplingParameters.ParentContext;
        if (parent.TraceId == default && samplingParameters.Kind is ActivityKind.Client)
            return new(SamplingDecision.Drop);

        return parent.TraceId != default && !parent.IsRemote
            ? new((parent.TraceFlags & ActivityTraceFlags.Recorded) != 0 ? SamplingDecision.RecordAndSample : SamplingDecision.Drop)
            : sampler.ShouldSample(samplingParameters);
    }
}

/// <summary>
/// Leaves of a span only what is known to hold no text of people and no secrets. What libraries add later, or what a caller wrote into a path,
/// a query or a header, does not leave the house.
/// </summary>
public sealed class TellsNothingPersonal : BaseProcessor<Activity>
{
    private static readonly HashSet<string> Known =
    [
        "http.request.method", "http.response.status_code", "http.route", "url.scheme", "network.protocol.version", "error.type",
        "db.system.name", "db.namespace", "db.response.status_code", "db.npgsql.prepared", "db.npgsql.rows",
        "messaging.system", "messaging.destination", "messaging.message_id", "messaging.message_type", "messaging.conversation_id", "messaging.message_payload_size_bytes",
        "message.handler", "handler.type", "ticmate.mail.kind", "ticmate.mail.transport",
    ];

    public override void OnStart(Activity data) => data.TraceStateString = null;

    public override void OnEnd(Activity data)
    {
        if (data.GetTagItem("db.query.text") is string sql)
            data.DisplayName = FirstWord(sql);

        foreach (var tag in data.TagObjects.ToArray())
            if (!IsKnown(tag.Key, data.Kind))
                data.SetTag(tag.Key, null);

        // A description may quote what somebody sent.
        if (data.Status is ActivityStatusCode.Error)
            data.SetStatus(ActivityStatusCode.Error);
    }

    // Whom the service calls is in its settings; by what name it is called is the caller's choice.
    private static bool IsKnown(string tag, ActivityKind kind) => Known.Contains(tag) || tag is "server.address" && kind is ActivityKind.Client;

    // What the statement does. The statement itself may hold ids and is as long as it likes.
    private static string FirstWord(string sql)
    {
        var word = string.Concat(sql.TrimStart().TakeWhile(char.IsAsciiLetter).Take(12));
        return word.Length > 0 ? word.ToLowerInvariant() : "sql";
    }
}

/// <summary>An exception in a span is its type and where it was thrown. Its message may quote what somebody sent.</summary>
public sealed class QuietExceptions : IHostedService, IDisposable
{
    private readonly ActivityListener listener = new()
    {
        ShouldListenTo = _ => true,
        ExceptionRecorder = (Activity _, Exception e, ref TagList tags) =>
        {
            tags.Add("exception.message", "");
            tags.Add("exception.stacktrace", e.StackTrace ?? "");
        },
    };

    public Task StartAsync(CancellationToken cancellationToken)
    {
        ActivitySource.AddActivityListener(listener);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => listener.Dispose();
}

/// <summary>The same for a line of the log: the console shows the message, the collector gets types and places.</summary>
public sealed class NoMessagesOfExceptions : BaseProcessor<LogRecord>
{
    public override void OnEnd(LogRecord data)
    {
        if (data.Exception is not { } e)
            return;

        data.Exception = null;
        data.Attributes = [.. data.Attributes ?? [], new("exception.type", e.GetType().FullName), new("exception.stacktrace", e.StackTrace)];
    }
}

/// <summary>Shows what <c>/health/ready</c> would answer, four times a minute.</summary>
public sealed class ShowReadiness : IHealthCheckPublisher
{
    public const string MeterName = "TicMate.Host";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Gauge<int> Ready = Meter.CreateGauge<int>("ticmate.ready", null, "1 while the node is ready to serve, 0 while its database does not answer.");

    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        Ready.Record(report.Status is HealthStatus.Unhealthy ? 0 : 1);
        return Task.CompletedTask;
    }
}
