using System.Text.Json;
using Marten;
using TicMate.Identity.Contracts;
using Wolverine;
using Wolverine.Http;

namespace TicMate.Host;

/// <summary>The first answer again, to the byte.</summary>
public sealed record Replay(KeptAnswer Answer) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Answer.Status;
        response.Headers[Idempotency.ReplayedHeader] = "true";
        (response.ContentType, response.Headers.Location, response.Headers.ETag) = (Answer.ContentType, Answer.Location, Answer.ETag);
        return Answer.Body.Length == 0 ? Task.CompletedTask : response.WriteAsync(Answer.Body, httpContext.RequestAborted);
    }
}

/// <summary>
/// The first answer got lost, with its process or on its way into the record, or it held words that are erased since. What was decided
/// committed with the deed, so the answer is made of that again, as things are now.
/// </summary>
public sealed record ReplayFromDecision(IdempotentRequest Earlier, IDocumentSession Session, CurrentUser Caller) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var endpoint = httpContext.GetEndpoint()!.Metadata.GetRequiredMetadata<IdempotentEndpoint>();
        httpContext.Response.Headers[Idempotency.ReplayedHeader] = "true";

        var answer = Earlier.Decided is { } decided && endpoint.Decides is { } type ? await AnswerAsync(decided, type, httpContext) : null;
        answer ??= new Answer("This was done before. What it made cannot be shown any more.");
        await Results.Json(answer, statusCode: httpContext.Response.StatusCode).ExecuteAsync(httpContext);
    }

    // What the answer tells of may be gone by now, and so may the shape of a decision that an older version stored.
    private async Task<object?> AnswerAsync(string json, Type type, HttpContext http)
    {
        try
        {
            var decided = JsonSerializer.Deserialize(json, type)!;
            if (decided is IHttpAware aware)
                aware.Apply(http);

            return decided is IResponseAware ? await MakeAsync(decided, type, http) : decided;
        }
        catch (Exception e) when (e is not OperationCanceledException && !ExceptionAnswer.IsDatabaseAway(e))
        {
            http.Response.StatusCode = StatusCodes.Status200OK;
            var log = http.RequestServices.GetRequiredService<ILogger<ReplayFromDecision>>();
            log.LogWarning(e, "No answer can be made any more of a {Decision} that was decided before", type.Name);
            return null;
        }
    }

    // Calls the static AnswerAsync that Wolverine calls after the commit, with the same arguments.
    private async Task<object?> MakeAsync(object decided, Type type, HttpContext http)
    {
        var method = type.GetMethod("AnswerAsync")!;
        var arguments = method.GetParameters().Select(p => p.ParameterType switch
        {
            var t when t == type => decided,
            var t when t.IsAssignableFrom(typeof(IDocumentSession)) => Session,
            var t when t == typeof(CurrentUser) => Caller,
            var t when t == typeof(HttpContext) => http,
            var t when t == typeof(CancellationToken) => http.RequestAborted,
            var t when t == typeof(DateTimeOffset) => http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow(),
            var t => http.RequestServices.GetRequiredService(t),
        });

        var answering = (Task)method.Invoke(null, [.. arguments])!;
        await answering;
        return answering.GetType().GetProperty("Result")!.GetValue(answering);
    }
}
