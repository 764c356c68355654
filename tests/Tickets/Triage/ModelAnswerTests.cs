using System.Text.Json;
using System.Text.Json.Nodes;
using TicMate.Tickets.Contracts;
using TicMate.Tickets.Triage;

namespace TicMate.Tests.Tickets.Triage;

public sealed class ModelAnswerTests
{
    private const string Sent = "Page broken\n\nThe login page\n is white, see https://portal.example.org/help";
    private static readonly Installation Here = new(["React", "Node.js", "C#"], null);

    private static TicketProposal[] Parse(string answer, Installation? here = null) => ModelAnswer.Parse(answer, Sent, here ?? Here);

    private static TicketProposal? Field(string field, string answer) => Parse(answer).SingleOrDefault(p => p.Field == field);

    private static JsonObject Member(object? value, object? confidence = null, object? reason = null, object? quotes = null) =>
        JsonSerializer.SerializeToNode(new { value, confidence = confidence ?? 0.8, reason = reason ?? "It says so.", quotes = quotes ?? new[] { "login page" } })!.AsObject();

    private static string Json(JsonNode? priority = null, JsonNode? category = null, JsonNode? skills = null, JsonNode? notes = null, JsonNode? summary = null) => new JsonObject
    {
        ["priority"] = priority ?? Member("high"), ["category"] = category ?? Member("Website"), ["skills"] = skills ?? Member(new[] { "React" }),
        ["notes"] = notes ?? Member("n"), ["summary"] = summary ?? Member("s"),
    }.ToJsonString();

    [Fact]
    public void A_good_answer_is_taken_as_it_is()
    {
        var answer = Parse(Json(Member("urgent", 1, "Nobody can sign in.", new[] { "LOGIN  page is\nwhite" }), skills: Member(new[] { "React", "C#" }), notes: Member("- look")));

        answer.Select(p => p.Field).ShouldBe(["priority", "category", "skills", "notes", "summary"]);
        (answer[0].Value.Single(), answer[0].Confidence, answer[0].Reason).ShouldBe(("urgent", 1, "Nobody can sign in."));
        answer[0].Quotes.ShouldBe(["login page is white"], "the words are the ticket's, not the model's");
        answer[2].Value.ShouldBe(["React", "C#"]);
        answer[3].Value.ShouldBe(["- look"]);
    }

    [Theory]
    [InlineData("```json\n", "\n```")]
    [InlineData("```\n", "```")]
    [InlineData("  \n", "\n ")]
    public void A_code_fence_around_it_is_tolerated(string before, string after) => Parse(before + Json() + after).Length.ShouldBe(5);

    [Fact]
    public void Unknown_members_have_no_effect()
    {
        var json = JsonNode.Parse(Json())!.AsObject();
        (json["assignee"], json["status"]) = (Member("admin"), "completed");

        Parse(json.ToJsonString()).Select(p => p.Field).ShouldBe(ModelAnswer.Fields);
    }

    [Fact]
    public void Skills_are_the_installations_own_in_its_spelling()
    {
        Field("skills", Json(skills: Member(new[] { " react ", "NODE.JS", "React", "Java", "Node", "%", "c#\0" })))!.Value.ShouldBe(["React", "Node.js", "C#"]);
        var many = Enumerable.Range(1, 20).Select(i => $"skill{i}").ToArray();
        Parse(Json(skills: Member(many)), new(many, null)).Single(p => p.Field == "skills").Value.Length.ShouldBe(10);
        Parse(Json(skills: Member(new[] { new string('a', 51) })), new([new string('a', 51)], null)).ShouldNotContain(p => p.Field == "skills");
    }

    [Fact]
    public void Control_characters_are_removed()
    {
        var answer = Parse(Json(summary: Member("a\0b\u0007c\nd"), notes: Member("x\0y\u001Bz")));

        answer[4].Value.Single().ShouldBe("abc d");
        answer[3].Value.Single().ShouldBe("xyz");
    }

    [Fact]
    public void Notes_lose_markup_and_foreign_links() =>
        Field("notes", Json(notes: Member("<b>x</b> [a](https://evil.example/y) [b](https://portal.example.org/z)")))!.Value.Single()
            .ShouldBe("x a (`evil.example/y`) [b](https://portal.example.org/z)");

    public static TheoryData<string, string> Dropped => new()
    {
        { "priority", Json(Member("HIGH")) }, { "priority", Json(Member("critical")) }, { "priority", Json(Member(3)) }, { "priority", Json(Member(null)) },
        { "priority", Json(Member("high", quotes: Array.Empty<string>())) }, { "priority", Json(Member("high", quotes: new[] { "server on fire" })) },
        { "priority", Json(Member("high", quotes: new[] { "login page", "server on fire" })) }, { "priority", Json(Member("high", quotes: new[] { " " })) },
        { "priority", Json(Member("high", quotes: "login page")) }, { "priority", Json(Member("high", quotes: new[] { 1 })) },
        { "priority", Json(Member("high", 1.01)) }, { "priority", Json(Member("high", -0.1)) }, { "priority", Json(Member("high", "NaN")) },
        { "priority", Json(Member("high", reason: 7)) }, { "priority", Json(JsonValue.Create("high")) }, { "priority", Json(new JsonArray("high")) },
        { "category", Json(category: Member("two\nlines")) }, { "category", Json(category: Member(new string('c', 101))) }, { "category", Json(category: Member("<b>Web</b>")) },
        { "category", Json(category: Member("see https://evil.example/x")) }, { "category", Json(category: Member("Website", quotes: Array.Empty<string>())) },
        { "skills", Json(skills: Member("React")) }, { "skills", Json(skills: Member(new object[] { "React", 1 })) }, { "skills", Json(skills: Member(new[] { "Hacking" })) },
        { "summary", Json(summary: Member(new string('s', 501))) }, { "summary", Json(summary: Member("Go to www.evil.example now")) }, { "summary", Json(summary: Member("<img src=x>")) },
        { "summary", Json(summary: Member(1)) }, { "summary", Json(summary: Member(" ")) },
        { "notes", Json(notes: Member(new string('n', 4_001))) }, { "notes", Json(notes: Member(new[] { "n" })) }, { "notes", Json(notes: Member("n", quotes: new[] { "not there" })) },
        { "notes", Json().Replace("\"value\":\"n\"", "\"value\":\"\\ud800\"", StringComparison.Ordinal) },
        { "notes", Json().Replace("\"value\":\"n\",\"confidence\":0.8", "\"value\":\"n\",\"confidence\":1e999", StringComparison.Ordinal) },
    };

    [Theory]
    [MemberData(nameof(Dropped))]
    public void A_field_that_breaks_a_rule_is_dropped_and_the_others_stand(string field, string answer) =>
        Parse(answer).Select(p => p.Field).ShouldBe(ModelAnswer.Fields.Where(f => f != field));

    [Fact]
    public void Reasons_and_quotes_are_cut_and_a_reason_that_is_more_than_words_is_left_out()
    {
        Field("priority", Json(Member("high", reason: string.Join(' ', Enumerable.Repeat("word", 200)))))!.Reason.Length.ShouldBeLessThanOrEqualTo(300);
        Field("priority", Json(Member("high", reason: "Because <script>alert(1)</script>")))!.Reason.ShouldBe("");
        Field("priority", Json(Member("high", reason: "See https://evil.example")))!.Reason.ShouldBe("");
        Field("priority", Json(Member("high", quotes: new[] { "page", "login", "white", "broken", "login page", "see", "the" })))!.Quotes.Length.ShouldBe(5);
        var words = string.Join(' ', Enumerable.Repeat("word", 100));
        ModelAnswer.Parse(Json(Member("high", quotes: new[] { words })), $"t login page {words}", Here)[0].Quotes.Single().Length.ShouldBe(200);
    }

    public static TheoryData<string> Unusable =>
    [
        "", "secret-words", "null", "[]", "{}", "{\"priority\":\"high\"}", "{priority:'high'}",
        "{\"priority\":{\"value\":\"secret-words\",\"confidence\":1,\"quotes\":[]}}",
        Json() + "secret-words", Json() + Json(), "Here you are: " + Json(), Json()[..^1] + ",}",
        Json()[..^1] + ",\"priority\":\"low\"}", Json()[..^1] + ",\"\\ud800\":1,\"\\udc00\":2}", Json()[..^1] + ",\"x\":[[[[[[[[[1]]]]]]]]]}",
        new string('[', 10_000), "```json\n" + Json(),
    ];

    [Theory]
    [MemberData(nameof(Unusable))]
    public void Anything_else_is_refused_without_quoting_it(string answer)
    {
        var refused = Should.Throw<InvalidAnswerException>(() => Parse(answer));

        refused.ToString().ShouldNotContain("secret-words");
        refused.InnerException.ShouldBeNull();
    }
}
