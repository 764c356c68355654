using JasperFx.CodeGeneration.Frames;
using Marten;
using Microsoft.Extensions.Hosting;
using TicMate.Identity.Contracts;
using Wolverine;
using Wolverine.Configuration;

namespace TicMate.Admin.Operations.Rebuilding;

/// <param name="AcceptDifferences">Whether what the events say takes the place of what is there, where the two differ.</param>
public sealed record RebuildProjection(Flag AcceptDifferences);

/// <summary>The turn to rebuild, if nobody else has it.</summary>
public sealed record Turn(RebuildRun? Run);

/// <summary>Starts a rebuild on this node and answers at once.</summary>
public static class RebuildProjectionEndpoint
{
    public static ProblemDetails Before(string name, RebuildProjection request, Rebuilds rebuilds) =>
        rebuilds.Find(name) is null ? Refuse.NotFound("projection") : new Faults().YesOrNo("acceptDifferences", request.AcceptDifferences).Problem;

    public static async Task<Turn> LoadAsync(string name, RebuildProjection request, CurrentUser user, Rebuilds rebuilds, CancellationToken ct) =>
        new(await rebuilds.TryBeginAsync(rebuilds.Find(name)!, request.AcceptDifferences.Value is true, Actor.NameOf(user.Id, user.ApiKeyId), ct));

    public static ProblemDetails Validate(Turn turn) =>
        turn.Run is null ? Refuse.With(409, "rebuild-running", "Another rebuild is going on. Wait for its end.") : WolverineContinue.NoProblems;

    [Authorize(Roles = Roles.Admin), WolverinePost("/api/admin/projections/{name}/rebuild")]
    [ProducesResponseType<ProjectionAnswer>(202), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409)]
    public static RebuildAsked Post(string name, RebuildProjection request, Turn turn, Rebuilds rebuilds, BackgroundRebuilds background)
    {
        background.Start(turn.Run!);
        return new(rebuilds.Find(name)!.Name);
    }
}

/// <summary>A rebuild goes on; the answer shows how far it is.</summary>
public sealed record RebuildAsked(string Name) : IResponseAware
{
    public static void ConfigureResponse(IChain chain) => chain.UseForResponse(new MethodCall(typeof(RebuildAsked), nameof(AnswerAsync)));

    public static async Task<ProjectionAnswer> AnswerAsync(RebuildAsked asked, Rebuilds rebuilds, Backlogs backlogs, IQuerySession session, HttpContext http, CancellationToken ct)
    {
        (http.Response.StatusCode, http.Response.Headers.Location) = (StatusCodes.Status202Accepted, $"/api/admin/projections/{asked.Name}");
        return new((await ProjectionsAnswer.ReadAsync(rebuilds, backlogs, session, ct)).Projections.Single(view => view.Name == asked.Name));
    }
}

/// <summary>Runs what was started here. A stop of the service ends it: the old numbers stand, and it may be asked for again.</summary>
public sealed class BackgroundRebuilds : IHostedService, IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;

    public void Start(RebuildRun run) => running = Task.Run(() => run.RunAsync(null, stop.Token));

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stop.CancelAsync();
        await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => stop.Dispose();
}
