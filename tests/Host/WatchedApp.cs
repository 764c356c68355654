using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using TicMate.Host;
using TicMate.Tests.Tickets;

namespace TicMate.Tests.Host;

// Alone: whoever listens hears every host of the process, and a host that ends takes the metrics of its name with it.
[CollectionDefinition(DisableParallelization = true)]
public sealed class OneWatchedApp : ICollectionFixture<WatchedApp>;

/// <summary>The service as it is when a collector is named. Nobody listens there, and all that it is sent is kept here as well.</summary>
public sealed class WatchedApp : AppWithModel
{
    private readonly SyncList<Activity> spans = new();
    private readonly SyncList<LogRecord> lines = new();
    private readonly SyncList<MetricSnapshot> metrics = new();

    protected override IEnumerable<(string, string)> Settings => [.. base.Settings, (Telemetry.Endpoint, "http://127.0.0.1:9"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "500"), ("Logging:LogLevel:Default", "Information")];

    protected override void Configure(IServiceCollection services)
    {
        base.Configure(services);
        services.AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddInMemoryExporter(spans))
            .WithLogging(logs => logs.AddInMemoryExporter(lines))
            .WithMetrics(all => all.AddInMemoryExporter(metrics));
    }

    /// <summary>Every span so far, of this service and of others that run in the same process.</summary>
    public IReadOnlyList<Activity> Spans => spans.Copy();

    public IReadOnlyList<LogRecord> Lines => lines.Copy();

    /// <summary>Every metric with a value, as it is now.</summary>
    public IReadOnlyList<MetricSnapshot> Metrics()
    {
        metrics.Clear();
        Host.Services.GetRequiredService<MeterProvider>().ForceFlush(10_000);
        return metrics.Copy();
    }

    // The exporters write from many threads.
    private sealed class SyncList<T> : ICollection<T>
    {
        private readonly Lock gate = new();
        private readonly List<T> items = [];

        public int Count => Copy().Count;

        public bool IsReadOnly => false;

        public void Add(T item)
        {
            lock (gate)
                items.Add(item);
        }

        public void Clear()
        {
            lock (gate)
                items.Clear();
        }

        public IReadOnlyList<T> Copy()
        {
            lock (gate)
                return [.. items];
        }

        public bool Contains(T item) => Copy().Contains(item);

        public void CopyTo(T[] array, int arrayIndex) => Copy().ToArray().CopyTo(array, arrayIndex);

        public bool Remove(T item) => throw new NotSupportedException();

        public IEnumerator<T> GetEnumerator() => Copy().GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
