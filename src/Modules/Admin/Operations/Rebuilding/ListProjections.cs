using Marten;
using TicMate.Identity.Contracts;

namespace TicMate.Admin.Operations.Rebuilding;

/// <summary>How one table or kind of document compared.</summary>
public sealed record ParityView(string Table, long Rows, long Rebuilt, long Missing, long Extra, long Changed);

/// <param name="State">running, unchanged, switched, differs, failed or abandoned.</param>
/// <param name="Parity">Empty until all is built and compared.</param>
public sealed record RebuildView(string State, long Done, long Total, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, long Differences, IReadOnlyList<ParityView> Parity)
{
    public static RebuildView Of(Rebuild rebuild) => new(
        rebuild.State, rebuild.Done, rebuild.Total, rebuild.StartedAt, rebuild.EndedAt, rebuild.Differences,
        [.. rebuild.Parity.Select(p => new ParityView(p.Table, p.Rows, p.Rebuilt, p.Missing, p.Extra, p.Changed))]);
}

/// <param name="Kind">async: it runs behind the events; inline: tables written with the events; snapshot: documents written with the events.</param>
/// <param name="Sequence">The last event it has counted; null where that is always the last one.</param>
/// <param name="Lag">How many events it is behind.</param>
/// <param name="Rebuild">The last rebuild; null when there was none.</param>
public sealed record ProjectionView(string Name, string Kind, long? Sequence, long Head, long Lag, RebuildView? Rebuild);

public sealed record ProjectionsAnswer(IReadOnlyList<ProjectionView> Projections) : Answer
{
    public static async Task<ProjectionsAnswer> ReadAsync(Rebuilds rebuilds, Backlogs backlogs, IQuerySession session, CancellationToken ct)
    {
        var last = (await Rebuilds.LastAsync(session, ct)).ToDictionary(rebuild => rebuild.Id);
        var (head, lags) = await backlogs.ReadLagsAsync(ct);
        return new([.. rebuilds.Models.Select(model =>
        {
            long? sequence = model.Shard is { } shard ? lags.SingleOrDefault(lag => lag.Name == shard)?.Sequence ?? 0 : null;
            return new ProjectionView(
                model.Name, model.Kind, sequence, head, sequence is { } at ? Math.Max(0, head - at) : 0,
                last.TryGetValue(model.Name, out var rebuild) ? RebuildView.Of(rebuild) : null);
        })]);
    }
}

public sealed record ProjectionAnswer(ProjectionView Projection) : Answer;

public static class ListProjectionsEndpoint
{
    public static ProblemDetails Validate(HttpContext http) => Without.Parameters(http.Request.Query);

    [Authorize(Roles = Roles.Admin), WolverineGet("/api/admin/projections")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403)]
    public static Task<ProjectionsAnswer> Get(Rebuilds rebuilds, Backlogs backlogs, IQuerySession session, CancellationToken ct) =>
        ProjectionsAnswer.ReadAsync(rebuilds, backlogs, session, ct);
}

public static class GetProjectionEndpoint
{
    public static ProblemDetails Validate(string name, HttpContext http, Rebuilds rebuilds) =>
        rebuilds.Find(name) is null ? Refuse.NotFound("projection") : Without.Parameters(http.Request.Query);

    [Authorize(Roles = Roles.Admin), WolverineGet("/api/admin/projections/{name}")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<ProjectionAnswer> Get(string name, Rebuilds rebuilds, Backlogs backlogs, IQuerySession session, CancellationToken ct) =>
        new((await ProjectionsAnswer.ReadAsync(rebuilds, backlogs, session, ct)).Projections.Single(view => view.Name == rebuilds.Find(name)!.Name));
}
