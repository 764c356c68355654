using TicMate.Identity.Contracts;
using TicMate.Identity.Profile;

namespace TicMate.Tests.Identity;

public sealed class ProfileTests(App app) : AppTest(app)
{
    [Fact]
    public async Task A_person_sees_and_changes_who_they_are()
    {
        var person = await Someone();

        var changed = await Call(person, "PUT", "/api/auth/update", new { name = "Grace", email = $"grace-{person.Email}", role = "admin" });
        var seen = await Call(person, "GET", "/api/auth/user");

        changed.Status.ShouldBe(200);
        ((string?)seen.Body["user"]!["name"], (string?)seen.Body["user"]!["email"], (string?)seen.Body["user"]!["role"]).ShouldBe(("Grace", $"grace-{person.Email}", "user"));
        changed.Body["user"]!.ToJsonString().ShouldBe(seen.Body["user"]!.ToJsonString());
        (await EventsOf(person.Id)).OfType<ProfileChanged>().Single().Fields.ShouldBe(["name", "email"]);
    }

    [Fact]
    public async Task What_did_not_change_is_no_event()
    {
        var person = await Someone(Roles.User, "math");

        await Call(person, "PUT", "/api/auth/update", new { name = person.Name, email = "" });
        await Call(person, "PUT", "/api/auth/update-skills", new { skills = new[] { " math" } });

        (await EventsOf(person.Id)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Skills_are_kept_in_one_spelling_each()
    {
        var person = await Someone();
        var reply = await Call(person, "PUT", "/api/auth/update-skills", new { skills = new[] { "CSS", "css ", "C#" } });
        reply.Body["user"]!["skills"]!.AsArray().Select(s => (string?)s).ShouldBe(["CSS", "C#"]);
    }

    [Fact]
    public async Task Nobody_takes_the_address_of_another()
    {
        var (person, other) = (await Someone(), await Someone());

        (await Call(person, "PUT", "/api/auth/update", new { name = "New", email = other.Email.ToUpperInvariant() })).ShouldRefuse(409, "email-taken");

        (await Load<PersonalData>(person.Id))!.Name.ShouldBe(person.Name);
    }

    [Fact]
    public async Task Bad_changes_are_refused_and_change_nothing()
    {
        var person = await Someone();

        (await Call(person, "PUT", "/api/auth/update", new { name = new string('x', 101), email = "nonsense" })).ShouldFault("name", "email");
        (await Call(person, "PUT", "/api/auth/update", new { name = 5, email = false })).ShouldFault("name", "email");
        (await Call(person, "PUT", "/api/auth/update", "{\"name\":\"a\",\"name\":\"b\"}")).ShouldRefuse(400, "invalid-json");
        (await Call(person, "PUT", "/api/auth/update-skills")).ShouldFault("skills");
        (await Call(person, "PUT", "/api/auth/update-skills", new { skills = "css" })).ShouldFault("skills");
        (await Call(person, "PUT", "/api/auth/update-skills", new { skills = new[] { "" } })).ShouldFault("skills");
        (await Call(person, "PUT", "/api/auth/update-skills", new { skills = Enumerable.Range(0, 21).Select(n => $"s{n}") })).ShouldFault("skills");
        (await Call(person, "PUT", "/api/auth/update-skills", new { skills = new[] { new string('s', 51) } })).ShouldFault("skills");
        foreach (var (method, url) in new[] { ("PUT", "/api/auth/update"), ("PUT", "/api/auth/update-skills"), ("GET", "/api/auth/user") })
            (await Call(null, method, url)).ShouldRefuse(401, "unauthenticated");

        (await EventsOf(person.Id)).Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("ada@example.org", true), InlineData("a.b+c@x-y.example.org", true), InlineData("A_1!#@sub.example.co", true)]
    [InlineData("a b@c.d", false), InlineData("<a@b.com>", false), InlineData("a@[127.0.0.1]", false), InlineData("a@b", false), InlineData("a@b.1", false)]
    [InlineData(".a@b.com", false), InlineData("a..b@c.com", false), InlineData("a@-b.com", false), InlineData("a@b..com", false), InlineData("@b.com", false), InlineData("ä@b.com", false)]
    public void An_address_is_a_dot_atom_at_a_host_name(string email, bool valid) => EmailAddress.IsValid(email).ShouldBe(valid);
}
