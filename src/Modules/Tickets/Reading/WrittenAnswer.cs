using System.Text.Json;
using Microsoft.Extensions.Options;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace TicMate.Tickets.Reading;

/// <summary>A success that is written straight to the wire, for what is read all day.</summary>
/// <param name="members">Writes what the answer has beside <c>success</c>.</param>
public sealed class WrittenAnswer(Action<Utf8JsonWriter> members) : IResult
{
    public async Task ExecuteAsync(HttpContext http)
    {
        http.Response.ContentType = "application/json; charset=utf-8";
        var encoder = http.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions.Encoder;
        await using (var writer = new Utf8JsonWriter(http.Response.BodyWriter, new JsonWriterOptions { Encoder = encoder, SkipValidation = true }))
        {
            writer.WriteStartObject();
            writer.WriteBoolean("success"u8, true);
            members(writer);
            writer.WriteEndObject();
        }

        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }
}
