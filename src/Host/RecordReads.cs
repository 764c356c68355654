using Microsoft.AspNetCore.Routing;
using TicMate.Admin.Audit;
using TicMate.Identity.Contracts;
using TicMate.Identity.Sessions;

namespace TicMate.Host;

/// <summary>Records what a route answers of other people's data, before the first byte of it is sent: what cannot be recorded is not answered.</summary>
public sealed class RecordReads(RequestDelegate next, ReadLog log)
{
    public Task InvokeAsync(HttpContext http)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<RecordsReadAttribute>() is { } read)
            http.Response.OnStarting(() => http.Response.StatusCode is 200
                ? log.RecordAsync(SessionUser.Of(http.User), read, UserIn(http), [.. http.Request.Query.Keys.Order(StringComparer.Ordinal)], http.RequestAborted) : Task.CompletedTask);

        return next(http);
    }

    private static Guid? UserIn(HttpContext http) => http.GetRouteValue("userId") is string text && new Reference(text).Id is var id && id != Reference.Nothing ? id : null;
}
