using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;
using TicMate.Identity.Contracts;

namespace TicMate.Host;

/// <summary>
/// Reads every request body once, before the endpoint does, and lets only sound JSON pass: an object in UTF-8, within bounds, no member
/// twice, no text that PostgreSQL cannot store. What passes cannot fail to be read.
/// </summary>
public sealed class RequestBody(RequestDelegate next)
{
    public const int DeepestNesting = 16;
    private const int Largest = 256 * 1024, LargestForAuth = 16 * 1024, MostMembers = 200;

    public async Task InvokeAsync(HttpContext http, IProblemDetailsService problems)
    {
        var request = http.Request;
        if (http.GetEndpoint() is null || HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
        {
            await next(http);
            return;
        }

        var largest = request.Path.StartsWithSegments("/api/auth", StringComparison.OrdinalIgnoreCase) ? LargestForAuth : Largest;
        var (body, problem) = request.ContentLength > largest ? (null, new ProblemDetails { Status = 413 }) : await ReadAsync(request, largest);
        problem ??= body is { Length: 0 } ? null : IsJson(request.ContentType) ? Unsound(body!.GetBuffer().AsSpan(0, (int)body.Length)) : new ProblemDetails { Status = 415 };

        if (problem is not null)
        {
            http.Response.StatusCode = problem.Status!.Value;
            await problems.WriteAsync(new ProblemDetailsContext { HttpContext = http, ProblemDetails = problem });
            return;
        }

        // No body says the same as an empty object, and needs no content type.
        if (body!.Length == 0)
            body.Write("{}"u8);

        body.Position = 0;
        (request.Body, request.ContentLength, request.ContentType) = (body, body.Length, "application/json");
        await next(http);
    }

    private static async Task<(MemoryStream?, ProblemDetails?)> ReadAsync(HttpRequest request, int largest)
    {
        var body = new MemoryStream((int)Math.Min(request.ContentLength ?? 1_024, largest) + 1);
        var buffer = new byte[8_192];
        while (await request.Body.ReadAsync(buffer, request.HttpContext.RequestAborted) is var read and > 0)
        {
            if (body.Length + read > largest)
                return (null, new ProblemDetails { Status = 413 });

            body.Write(buffer, 0, read);
        }

        return (body, null);
    }

    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type) && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        && type.Parameters.All(p => p.Name.Equals("charset", StringComparison.OrdinalIgnoreCase) && HeaderUtilities.RemoveQuotes(p.Value).Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    /// <summary>What is wrong with the body, or null.</summary>
    public static ProblemDetails? Unsound(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DeepestNesting });
            var objects = new Stack<HashSet<string>>();
            while (reader.Read())
            {
                if (reader is { CurrentDepth: 0, TokenType: not (JsonTokenType.StartObject or JsonTokenType.EndObject) })
                    return Invalid("The body must be a JSON object.");

                if (reader.TokenType is JsonTokenType.StartObject)
                    objects.Push([]);
                else if (reader.TokenType is JsonTokenType.EndObject)
                    objects.Pop();
                else if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String && reader.GetString() is var text)
                {
                    if (text!.Contains('\0', StringComparison.Ordinal))
                        return Invalid("The body has a NUL character in a text.");

                    if (reader.TokenType is JsonTokenType.PropertyName && (!objects.Peek().Add(text) || objects.Peek().Count > MostMembers))
                        return Invalid("The body has an object with a member twice or with more than 200 members.");
                }
            }

            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or DecoderFallbackException)
        {
            return Invalid("The body is not valid JSON in UTF-8, or it is nested too deeply.");
        }
    }

    private static ProblemDetails Invalid(string detail) => Refuse.With(400, "invalid-json", detail);
}
