using Marten;
using TicMate.Identity.Contracts;

namespace TicMate.Tests.Identity;

[Collection<OneApp>]
public sealed class AuditTests(App app) : AccountTest(app)
{
    [Fact]
    public async Task Every_step_of_an_accounts_life_is_an_event_that_says_who_when_why_and_from_where()
    {
        var (email, admin) = (AnAddress(), await Someone(Roles.Admin));
        var registered = await FromAfar(null, "POST", "/api/auth/register", new { name = "Ada", email, password = Password });
        var id = registered.Id("user");
        await FromAfar(null, "POST", "/api/auth/verify-email", new { token = TokenTo(email) });
        await FromAfar(null, "POST", "/api/auth/login", new { email, password = "Wrong-99-horse" });
        var bearer = (await FromAfar(null, "POST", "/api/auth/login", new { email, password = Password, session = "bearer" })).Body;
        var person = admin with { Id = id, Email = email, Token = (string)bearer["token"]! };

        var key = (await FromAfar(person, "POST", "/api/auth/api-keys", new { name = "k", scopes = new[] { "tickets:read" } })).Body["apiKey"]!;
        await FromAfar(person with { Token = (string)key["secret"]! }, "GET", "/api/tickets");
        await FromAfar(person, "DELETE", $"/api/auth/api-keys/{key["id"]}");
        await FromAfar(person, "GET", "/api/auth/export");
        await FromAfar(person, "PUT", "/api/auth/update-password", new { oldPassword = Password, newPassword = Another });
        await FromAfar(person, "POST", "/api/auth/logout");
        await FromAfar(null, "POST", "/api/auth/forgot-password", new { email });
        await FromAfar(null, "POST", "/api/auth/reset-password", new { token = TokenTo(email), newPassword = Password });
        await FromAfar(admin, "PUT", "/api/admin/update-user", new { userId = id, role = "moderator", isActive = false });
        await FromAfar(admin, "PUT", "/api/admin/update-user", new { userId = id, isActive = true });
        var lived = await About(id);
        await FromAfar(admin, "DELETE", "/api/admin/delete-user", new { userId = id });
        var left = await About(id);

        var events = lived.Append(left[^1]).ToArray();
        left.Where(e => e.Actor == id.ToString()).ShouldAllBe(e => e.Address == "");
        events.Select(e => e.Type).Distinct().ShouldBe(
        [
            "user_registered", "email_verified", "sign_in_failed", "signed_in", "api_key_created", "api_key_first_used", "api_key_revoked", "personal_data_exported",
            "password_changed", "session_ended", "password_reset", "role_changed", "user_deactivated", "user_activated", "user_erased",
        ], ignoreOrder: true);

        foreach (var e in events)
        {
            e.Address.ShouldBe("198.51.100.9/32", e.Type);
            e.Correlation.ShouldNotBeNullOrEmpty(e.Type);
            var admins = e.Type is "role_changed" or "user_deactivated" or "user_activated" or "user_erased";
            if (e.Type is not "sign_in_failed")
                e.Actor.ShouldBe((admins ? admin.Id : id).ToString(), e.Type);
        }
    }

    [Fact]
    public async Task Where_a_program_called_from_is_known_and_goes_with_its_person()
    {
        var (person, admin) = (await Someone(), await Someone(Roles.Admin));
        var key = (await FromAfar(person, "POST", "/api/auth/api-keys", new { name = "k", scopes = new[] { "tickets:write" } })).Body["apiKey"]!;
        var ticket = (await FromAfar(person with { Token = (string)key["secret"]! }, "POST", "/api/tickets", new { title = "t", description = "d" })).Id("ticket");
        async Task<int> Addresses()
        {
            await using var session = Store.QuerySession();
            return (await session.QueryAsync<int>(
                "select count(*)::int from ticmate.mt_events e join ticmate.event_clients c on c.event_id = e.id where e.stream_id = ? and e.user_name = ?",
                Ct, ticket, $"{person.Id} key:{key["id"]}"))[0];
        }

        (await Addresses()).ShouldBe(1);
        await FromAfar(admin, "DELETE", "/api/admin/delete-user", new { userId = person.Id });
        (await Addresses()).ShouldBe(0);
    }

    private async Task<Reply> FromAfar(Caller? caller, string method, string url, object? body = null)
    {
        Reply reply = null!;
        await Wolverine.Tracking.WolverineHostMessageTrackingExtensions.ExecuteAndWaitAsync(Host, async () =>
            reply = await Call(caller, method, url, body, x => x.ConfigureHttpContext(http => http.Connection.RemoteIpAddress = System.Net.IPAddress.Parse("198.51.100.9"))), 30_000);
        return reply;
    }

    private async Task<(string Type, string? Actor, string? Correlation, string? Address)[]> About(Guid userId)
    {
        await using var session = Store.QuerySession();
        var rows = await session.QueryAsync<string>(
            """
            select concat_ws('|', e.type, coalesce(e.user_name, '-'), coalesce(e.correlation_id, ''), coalesce(text(c.address), ''))
            from ticmate.mt_events e left join ticmate.event_clients c on c.event_id = e.id where e.data ->> 'userId' = ? order by e.seq_id
            """, Ct, userId.ToString());
        return [.. rows.Select(row => row.Split('|')).Select(cells => (cells[0], (string?)cells[1], (string?)cells[2], (string?)cells[3]))];
    }
}
