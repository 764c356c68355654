using System.Text;
using Microsoft.AspNetCore.Http;
using TicMate.Host;
using TicMate.Identity.Contracts;

namespace TicMate.Tests.Host;

public sealed class RequestBodyTests(App app) : AppTest(app)
{
    [Theory]
    [InlineData("{}"), InlineData("""{"a":"ü😀","b":[1,{"a":null}],"c":{"a":true}}""")]
    public void Sound_objects_pass(string json) => RequestBody.Unsound(Encoding.UTF8.GetBytes(json)).ShouldBeNull();

    [Theory]
    [InlineData("[]"), InlineData("\"text\""), InlineData("5"), InlineData("null"), InlineData(" "), InlineData("{"), InlineData("{}{}"), InlineData("{\"a\":1,}")]
    [InlineData("{/*c*/}"), InlineData("{'a':1}"), InlineData("{\"a\":1,\"a\":2}"), InlineData("{\"a\":1,\"\\u0061\":2}"), InlineData("{\"a\":\"\\u0000\"}")]
    [InlineData("{\"\\u0000\":1}"), InlineData("{\"a\":\"\\ud800\"}"), InlineData("{\"a\":\"\\udc00\\ud800\"}"), InlineData("{\"a\":NaN}"), InlineData("\ufeff{}")]
    public void Everything_else_does_not(string json) => RequestBody.Unsound(Encoding.UTF8.GetBytes(json))!.Extensions["code"].ShouldBe("invalid-json");

    [Fact]
    public void Bytes_that_are_no_text_do_not_pass() => RequestBody.Unsound([(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}']).ShouldNotBeNull();

    [Fact]
    public void Bounds_hold()
    {
        string Nested(int depth) => string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);
        string Wide(int members) => "{" + string.Join(",", Enumerable.Range(0, members).Select(n => $"\"m{n}\":1")) + "}";

        RequestBody.Unsound(Encoding.UTF8.GetBytes(Nested(16))).ShouldBeNull();
        RequestBody.Unsound(Encoding.UTF8.GetBytes(Nested(17))).ShouldNotBeNull();
        RequestBody.Unsound(Encoding.UTF8.GetBytes(Wide(200))).ShouldBeNull();
        RequestBody.Unsound(Encoding.UTF8.GetBytes(Wide(201))).ShouldNotBeNull();
    }

    [Theory]
    [InlineData("text/plain"), InlineData("application/x-www-form-urlencoded"), InlineData("application/json; charset=bogus"), InlineData("application/json; charset="), InlineData("application/json; charset=utf-16"), InlineData("nonsense"), InlineData("")]
    public async Task Only_json_in_utf_8_is_read(string contentType) =>
        (await Call(await Someone(), "POST", "/api/tickets", new { title = "t", description = "d" }, x => x.ConfigureHttpContext(http => http.Request.ContentType = contentType)))
            .ShouldRefuse(415, "wrong-media-type");

    [Fact]
    public async Task Utf_8_may_be_said() =>
        (await Call(await Someone(), "POST", "/api/tickets", new { title = "t", description = "d" }, x => x.ConfigureHttpContext(http => http.Request.ContentType = "application/json; charset=\"UTF-8\"")))
            .Status.ShouldBe(201);

    [Fact]
    public async Task A_body_that_is_too_large_is_not_read()
    {
        var person = await Someone();
        var large = Encoding.UTF8.GetBytes($"{{\"title\":\"{new string('a', 300_000)}\"}}");

        (await Call(person, "POST", "/api/tickets", large)).ShouldRefuse(413, "body-too-large");
        (await Call(person, "POST", "/api/tickets", large, x => x.ConfigureHttpContext(http => http.Request.ContentLength = null))).ShouldRefuse(413, "body-too-large");
    }

    [Fact]
    public async Task Who_may_not_call_hears_that_before_anything_about_the_body()
    {
        (await Call(null, "POST", "/api/tickets", "{")).ShouldRefuse(401, "unauthenticated");
        (await Call(null, "POST", "/api/tickets", "x", x => x.ConfigureHttpContext(http => http.Request.ContentType = "text/plain"))).ShouldRefuse(401, "unauthenticated");
    }

    [Fact]
    public async Task Unknown_addresses_and_methods_are_refused_in_the_same_shape()
    {
        (await Call(null, "GET", "/api/nothing")).ShouldRefuse(404, "not-found");
        (await Call(null, "GET", "/api/nothing", more: x => x.WithRequestHeader("Accept", "text/html"))).ShouldRefuse(404, "not-found");
        (await Call(null, "DELETE", "/api/auth/login")).ShouldRefuse(405, "method-not-allowed");
    }
}
