using TicMate.Identity.Contracts;

namespace TicMate.Tests.Identity;

public sealed class RegisterUserTests(App app) : AppTest(app)
{
    private static string AnAddress() => $"{Guid.NewGuid():N}@example.org";

    [Fact]
    public async Task Someone_registers_and_signs_in()
    {
        var email = AnAddress();
        var registered = await Call(null, "POST", "/api/auth/register", new { name = " Ada ", email = email.ToUpperInvariant(), password = "Secret123!", skills = new[] { "math", "Math" }, role = "admin", isActive = false });

        registered.Status.ShouldBe(201);
        var user = registered.Body["user"]!;
        ((string?)user["name"], (string?)user["role"], (bool?)user["isActive"], (string?)user["_id"]).ShouldBe(("Ada", "user", true, (string?)user["id"]));
        user["skills"]!.AsArray().Select(s => (string?)s).ShouldBe(["math"]);
        user["loginTime"].ShouldBeNull();
        registered.Body.ToJsonString().ShouldNotContain("argon2");

        var signedIn = await Call(null, "POST", "/api/auth/login", new { email, password = "Secret123!" });
        signedIn.Status.ShouldBe(200);
        ((string?)signedIn.Body["user"]!["loginTime"]).ShouldEndWith("Z");
    }

    [Fact]
    public async Task An_address_has_one_account_however_it_is_written_and_however_many_try_at_once()
    {
        var email = AnAddress();
        var replies = await Task.WhenAll(Enumerable.Range(0, 4).Select(n =>
            Call(null, "POST", "/api/auth/register", new { name = "Ada", email = n % 2 == 0 ? email : email.ToUpperInvariant(), password = "Secret123!" })));

        replies.Select(r => r.Status).Order().ShouldBe([201, 409, 409, 409]);
        foreach (var refused in replies.Where(r => r.Status == 409))
            refused.ShouldRefuse(409, "email-taken");
    }

    [Fact]
    public async Task Every_fault_is_named_at_once()
    {
        (await Call(null, "POST", "/api/auth/register", new { name = "", email = "Ada <a@b.com>", password = "short", skills = "math" })).ShouldFault("name", "email", "password", "skills");
        (await Call(null, "POST", "/api/auth/register")).ShouldFault("name", "email", "password");
        (await Call(null, "POST", "/api/auth/register", new { name = 1, email = true, password = 5, skills = new object[] { 1 } })).ShouldFault("name", "email", "password", "skills");
        (await Call(null, "POST", "/api/auth/register", "{")).ShouldRefuse(400, "invalid-json");
        (await Call(null, "POST", "/api/auth/register", new { name = new string('a', 16_500) })).ShouldRefuse(413, "body-too-large");
    }
}
