using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using TicMate.Identity.Contracts;
using Weasel.Postgresql;
using Weasel.Postgresql.Tables;

namespace TicMate.Tickets.Triage.Costs;

/// <summary>What the model cost, by day, feature, model and outcome. Sums in SQL commute, so calls on many nodes all count.</summary>
public sealed partial class SpendProjection : EventProjection, IBuildsBeside
{
    public const string Table = "ai_spend";
    private readonly string table;

    public SpendProjection(string schema)
    {
        table = $"{schema}.{Table}";
        var definition = new Table(PostgresqlProvider.Instance.Parse(table));
        definition.AddColumn("day", "date").AsPrimaryKey();
        foreach (var key in new[] { "feature", "model", "outcome" })
            definition.AddColumn<string>(key).AsPrimaryKey();
        foreach (var sum in new[] { "calls", "unpriced", "input_tokens", "output_tokens", "cost_micros", "latency_ms_sum" })
            definition.AddColumn<long>(sum).NotNull().DefaultValue(0);
        SchemaObjects.Add(definition);
        Options.DeleteDataInTableOnTeardown(definition.Identifier.QualifiedName);
    }

    public static string TableOf(IQuerySession session) => $"{session.DocumentStore.Options.DatabaseSchemaName}.{Table}";

    public EventProjection Beside(string schema) => new SpendProjection(schema);

    public void Project(IEvent<ModelAsked> e, IDocumentOperations operations)
    {
        var call = e.Data;
        operations.QueueSqlCommand(
            $"""
            insert into {table} as s (day, feature, model, outcome, calls, unpriced, input_tokens, output_tokens, cost_micros, latency_ms_sum)
            values (?, ?, ?, ?, 1, ?, ?, ?, ?, ?) on conflict (day, feature, model, outcome) do update set
              calls = s.calls + 1, unpriced = s.unpriced + excluded.unpriced, input_tokens = s.input_tokens + excluded.input_tokens,
              output_tokens = s.output_tokens + excluded.output_tokens, cost_micros = s.cost_micros + excluded.cost_micros,
              latency_ms_sum = s.latency_ms_sum + excluded.latency_ms_sum
            """,
            DateOnly.FromDateTime(e.Timestamp.UtcDateTime), call.Feature, call.Model, call.Outcome, call.PriceDate is null ? 1L : 0L,
            call.InputTokens, call.OutputTokens, call.CostMicros, (long)call.LatencyMs);
    }

    /// <summary>What was spent on a day and in its month up to it.</summary>
    public static async Task<Spent> SpentAsync(IQuerySession session, DateOnly today, CancellationToken ct)
    {
        var sums = await session.AdvancedSql.QueryAsync<long, long, long>(
            $"""
            select row(coalesce(sum(cost_micros) filter (where day = ?), 0)::bigint), row(coalesce(sum(cost_micros), 0)::bigint),
                   row(coalesce(sum(input_tokens + output_tokens) filter (where day = ?), 0)::bigint)
            from {TableOf(session)} where day between ? and ?
            """, ct, today, today, new DateOnly(today.Year, today.Month, 1), today);
        return new(sums[0].Item1, sums[0].Item2, sums[0].Item3);
    }
}
