using System.Data.Common;
using JasperFx.Events;
using Marten;
using TicMate.Identity.Contracts;
using Weasel.Core;
using Weasel.Core.Migrations;
using Weasel.Postgresql;
using Weasel.Postgresql.Tables;

namespace TicMate.Admin.Audit;

/// <summary>Where the chain is kept: plain tables, so that it can be checked with nothing but SQL and SHA-256.</summary>
public sealed class AuditTables(string schema)
{
    public string Events => $"{schema}.mt_events";
    public string Clients => $"{schema}.event_clients";
    public string Chain => $"{schema}.audit_chain";
    public string Salts => $"{schema}.audit_salts";
    public string Redactions => $"{schema}.audit_redactions";
    public string Progress => $"{schema}.audit_progress";
    public string Checkpoints => $"{schema}.audit_checkpoints";

    /// <summary>The columns of an event, in the order of <see cref="Row"/>; the payload as PostgreSQL writes it comes after them.</summary>
    public const string Columns =
        "e.seq_id, e.id, e.stream_id, e.version, e.type, (extract(epoch from e.timestamp) * 1000000)::bigint, e.user_name, e.causation_id, e.correlation_id, e.tenant_id, e.is_archived, e.data::text";

    public static EventRow Row(DbDataReader row, int first) => new(
        row.GetInt64(first), row.GetGuid(first + 1), row.GetGuid(first + 2), row.GetInt64(first + 3), row.GetString(first + 4), row.GetInt64(first + 5),
        Text(row, first + 6), Text(row, first + 7), Text(row, first + 8), row.GetString(first + 9), row.GetBoolean(first + 10));

    /// <summary>How the log names the events that redact others.</summary>
    public static string[] RedactionTypes { get; } =
        [.. AuditEvents.Types.Where(type => type.IsAssignableTo(typeof(IRedaction))).Select(AuditEvents.AliasOf)];

    public IEnumerable<Table> Definitions()
    {
        var chain = Named(Chain);
        chain.AddColumn<long>("position").AsPrimaryKey();
        chain.AddColumn<long>("event_seq").NotNull().AddIndex(index => (index.Name, index.IsUnique) = ("audit_chain_by_seq", true));
        chain.AddColumn<Guid>("event_id").NotNull().AddIndex(index => (index.Name, index.IsUnique) = ("audit_chain_by_event", true));
        chain.AddColumn<bool>("late").NotNull();
        chain.AddColumn("payload_hash", "bytea").NotNull();
        chain.AddColumn("hash", "bytea").NotNull();
        yield return chain;

        var salts = Named(Salts);
        salts.AddColumn<long>("position").AsPrimaryKey();
        salts.AddColumn("salt", "bytea").NotNull();
        yield return salts;

        var redactions = Named(Redactions);
        redactions.AddColumn<Guid>("event_id").AsPrimaryKey();
        redactions.AddColumn<long>("by_position").NotNull().AddIndex(index => index.Name = "audit_redactions_by_position");
        yield return redactions;

        // One row. Up to chained_to the log has been walked; at or below final_to nothing can be added any more that was under way.
        var progress = Named(Progress);
        progress.AddColumn<int>("id").AsPrimaryKey();
        progress.AddColumn<long>("chained_to").NotNull();
        progress.AddColumn<long>("final_to").NotNull();
        progress.AddColumn<long>("fence_top");
        progress.AddColumn("fence_writers", "text[]");
        yield return progress;

        var checkpoints = Named(Checkpoints);
        checkpoints.AddColumn<long>("position").AsPrimaryKey();
        checkpoints.AddColumn("hash", "bytea").NotNull();
        checkpoints.AddColumn<DateTimeOffset>("at").NotNull();
        checkpoints.AddColumn("key_id", "text").NotNull();
        checkpoints.AddColumn("signature", "bytea").NotNull();
        yield return checkpoints;
    }

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static Table Named(string name) => new(PostgresqlProvider.Instance.Parse(name));
}

/// <summary>What the audit's list needs to find its page in the event log without reading more than that page. Marten is told to leave these alone.</summary>
public sealed class AuditIndexes(StoreOptions options) : FeatureSchemaBase("audit indexes", options.Advanced.Migrator)
{
    /// <summary>Whom or what an event is about: its ticket, its account, or its own stream.</summary>
    public const string Subject = "coalesce(data ->> 'ticketId', data ->> 'userId', stream_id::text)";

    /// <summary>Who did it, without the API key.</summary>
    public const string Actor = "split_part(user_name, ' ', 1)";

    public static readonly IReadOnlyDictionary<string, string> All = new Dictionary<string, string>
    {
        ["audit_by_time"] = "mt_events (timestamp, seq_id)",
        ["audit_by_type"] = "mt_events (type, timestamp, seq_id)",
        ["audit_by_actor"] = $"mt_events ({Actor}, timestamp, seq_id)",
        ["audit_by_subject"] = $"mt_events (({Subject}), timestamp, seq_id)",
        ["audit_by_event"] = "mt_events (id)",
    };

    public override Type StorageType => typeof(AuditIndexes);

    // The table they are on comes first.
    public override IEnumerable<Type> DependentTypes() => [typeof(IEvent)];

    protected override IEnumerable<ISchemaObject> schemaObjects() => All.Select(index => new Index(options.DatabaseSchemaName, index.Key, index.Value));

    private sealed class Index(string schema, string name, string on) : ISchemaObject
    {
        public DbObjectName Identifier { get; } = PostgresqlProvider.Instance.Parse($"{schema}.{name}");

        public void WriteCreateStatement(Migrator migrator, TextWriter writer) => writer.WriteLine($"create index if not exists {name} on {schema}.{on};");

        public void WriteDropStatement(Migrator rules, TextWriter writer) => writer.WriteLine($"drop index if exists {schema}.{name};");

        public void ConfigureQueryCommand(Weasel.Core.DbCommandBuilder builder) =>
            builder.Append($"select indexname from pg_indexes where schemaname = '{schema}' and indexname = '{name}';");

        public async Task<ISchemaObjectDelta> CreateDeltaAsync(DbDataReader reader, CancellationToken ct = default) =>
            new SchemaObjectDelta(this, await reader.ReadAsync(ct) ? SchemaPatchDifference.None : SchemaPatchDifference.Create);

        public IEnumerable<DbObjectName> AllNames() => [Identifier];
    }
}
