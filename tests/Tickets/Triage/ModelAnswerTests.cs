using System.Text.Json;
using TicMate.Tickets.Triage;

namespace TicMate.Tests.Tickets.Triage;

public sealed class ModelAnswerTests
{
    private static readonly TicketText Ticket = new("Page broken", "see https://portal.example.org/help");
    private static readonly Installation Here = new(["React", "Node.js", "C#"], null);

    private static ModelAnswer Parse(string answer) => ModelAnswer.Parse(answer, Ticket, Here);

    private static string Json(object? priority = null, object? skills = null, object? summary = null, object? notes = null) =>
        JsonSerializer.Serialize(new { priority = priority ?? "high", skills = skills ?? new[] { "React" }, summary = summary ?? "s", notes = notes ?? "n" });

    [Fact]
    public void A_good_answer_is_taken_as_it_is()
    {
        var answer = Parse(Json("urgent", new[] { "React", "C#" }, "It broke.", "- look"));

        (answer.Priority, answer.Summary, answer.Notes).ShouldBe(("urgent", "It broke.", "- look"));
        answer.Skills.ShouldBe(["React", "C#"]);
    }

    [Theory]
    [InlineData("```json\n", "\n```")]
    [InlineData("```\n", "```")]
    [InlineData("  \n", "\n ")]
    public void A_code_fence_around_it_is_tolerated(string before, string after) => Parse(before + Json() + after).Priority.ShouldBe("high");

    [Fact]
    public void Unknown_members_have_no_effect() =>
        Parse("""{"priority":"low","skills":[],"summary":"s","notes":"n","assignee":"admin","status":"completed"}""")
            .ShouldSatisfyAllConditions(a => a.Priority.ShouldBe("low"), a => a.Skills.ShouldBeEmpty());

    [Fact]
    public void Skills_are_the_installations_own_in_its_spelling()
    {
        Parse(Json(skills: new[] { " react ", "NODE.JS", "React", "Java", "Node", "%", "c#\0" })).Skills.ShouldBe(["React", "Node.js", "C#"]);
        var many = Enumerable.Range(1, 20).Select(i => $"skill{i}").ToArray();
        ModelAnswer.Parse(Json(skills: many), Ticket, new(many, null)).Skills.Length.ShouldBe(10);
        ModelAnswer.Parse(Json(skills: new[] { new string('a', 51) }), Ticket, new([new string('a', 51)], null)).Skills.ShouldBeEmpty();
    }

    [Fact]
    public void Control_characters_are_removed()
    {
        var answer = Parse(Json(summary: "a\0b\u0007c\nd", notes: "x\0y\u001Bz"));

        answer.Summary.ShouldBe("abc d");
        answer.Notes.ShouldBe("xyz");
    }

    [Fact]
    public void Notes_lose_markup_and_foreign_links()
    {
        var notes = Parse(Json(notes: "<b>x</b> [a](https://evil.example/y) [b](https://portal.example.org/z)")).Notes;

        notes.ShouldBe("x a (`evil.example/y`) [b](https://portal.example.org/z)");
    }

    public static TheoryData<string> Unusable =>
    [
        "", "secret-words", "null", "[]", "{}", "{\"priority\":\"high\"}", "{priority:'high'}",
        Json(priority: "HIGH"), Json(priority: "critical"), Json(priority: 3),
        Json(skills: "React"), Json(skills: new object[] { "React", 1 }),
        Json(summary: new string('s', 501)), Json(notes: new string('n', 4_001)), Json(notes: new[] { "n" }), Json(summary: 1),
        Json() + "secret-words", Json() + Json(), "Here you are: " + Json(), Json()[..^1] + ",}",
        Json()[..^1] + ",\"priority\":\"low\"}", "{\"priority\":\"high\",\"skills\":[\"\\ud800\"],\"summary\":\"secret-words\",\"notes\":\"n\"}",
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
