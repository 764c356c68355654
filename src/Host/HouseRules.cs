using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using JasperFx.CodeGeneration.Frames;
using Microsoft.AspNetCore.Http.Metadata;
using TicMate.Identity.Contracts;
using TicMate.Identity.Sessions;
using Wolverine;
using Wolverine.Http;

namespace TicMate.Host;

/// <summary>What holds for every endpoint: who may call, when it answers, how its JSON looks.</summary>
public static class HouseRules
{
    public static void UseHouseRules(this WolverineHttpOptions http)
    {
        http.RequireAuthorizeOnAll();
        http.RejectUnparseableQueryValues = true;
        http.MapConcurrencyFailuresToConflict(toProblemDetails: _ => Refuse.With(409, "changed-meanwhile", "Someone else changed this at the same moment. Read it again and retry."));
        http.AddMiddleware(typeof(IdempotencyMiddleware), IdempotencyMiddleware.AppliesTo);
        http.AddMiddleware(typeof(CurrentUserMiddleware), chain => chain.Takes<CurrentUser>());
        http.AddMiddleware(typeof(IfMatchMiddleware), chain => chain.Takes<IfMatch>());
        http.ConfigureEndpoints(chain =>
        {
            chain.Metadata.WithTags(chain.Method.HandlerType.Namespace!.Split('.')[1]);
            chain.AnswerAfterCommit();
            chain.RememberWhenKeyed();

            // Routing would refuse a media type before anybody is asked who they are; RequestBody refuses it after.
            chain.Metadata.Finally(endpoint => endpoint.Metadata.RemoveAll<IAcceptsMetadata>());
        });
    }

    private static void RemoveAll<T>(this IList<object> metadata)
    {
        foreach (var item in metadata.OfType<T>().ToArray())
            metadata.Remove(item!);
    }

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

/// <summary>Fills in <see cref="IfMatch"/> from the header.</summary>
public static class IfMatchMiddleware
{
    public static IfMatch Load(HttpContext http) => IfMatch.Of(http);
}

/// <summary>Times are RFC 3339 in UTC with a Z.</summary>
public sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset time, JsonSerializerOptions options) => writer.WriteStringValue(time.UtcDateTime);
}
