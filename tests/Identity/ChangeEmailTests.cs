using Microsoft.Extensions.DependencyInjection;
using TicMate.Identity.Contracts;
using TicMate.Identity.Links;
using TicMate.Identity.Profile;
using TicMate.Identity.Sessions;

namespace TicMate.Tests.Identity;

[Collection<OneVerifyingApp>]
public sealed class ChangeEmailTests(VerifyingApp app) : AccountTest(app)
{
    [Fact]
    public async Task A_new_address_counts_once_its_link_is_used_and_the_old_one_hears_of_it()
    {
        var (person, email) = (await SomeoneWithPassword(), AnAddress());

        var asked = await CallAndSettle(person, "PUT", "/api/auth/update", new { name = "Grace", email });
        var user = asked.Body["user"]!;
        ((string?)user["name"], (string?)user["email"], (string?)user["pendingEmail"]).ShouldBe(("Grace", person.Email, email));
        (await EventsOf(person.Id)).OfType<ProfileChanged>().Single().Fields.ShouldBe(["name", "pendingEmail"]);
        MailsTo(person.Email).Single().Message.Subject.ShouldBe("[TICMaTe] Your e-mail address is about to change");
        (await LogIn(person.Email)).Status.ShouldBe(200);
        (await LogIn(email)).ShouldRefuse(401, "wrong-credentials");

        (await Post("verify-email", new { token = TokenTo(email) })).Status.ShouldBe(200);

        var now = (await Call(person, "GET", "/api/auth/user")).Body["user"]!;
        ((string?)now["email"], now["pendingEmail"], (bool)now["isEmailVerified"]!).ShouldBe((email, null, true));
        MailsTo(person.Email)[^1].Message.Subject.ShouldBe("[TICMaTe] Your e-mail address has changed");
        (await LogIn(email)).Status.ShouldBe(200);
        (await LogIn(person.Email)).ShouldRefuse(401, "wrong-credentials");
        (await EventsOf(person.Id)).TakeLast(2).Select(e => e.GetType()).ShouldBe([typeof(EmailChanged), typeof(EmailVerified)]);
    }

    [Fact]
    public async Task A_taken_address_is_answered_like_a_free_one_and_never_becomes_the_address()
    {
        var (person, other, owner, free) = (await SomeoneWithPassword(), await SomeoneWithPassword(), await SomeoneWithPassword(), AnAddress());

        var forFree = await CallAndSettle(other, "PUT", "/api/auth/update", new { name = "N", email = free });
        var forTaken = await CallAndSettle(person, "PUT", "/api/auth/update", new { name = "N", email = owner.Email });

        string Alike(Reply reply, Caller who, string email) => reply.Body.ToJsonString().Replace(who.Id.ToString(), "", StringComparison.Ordinal)
            .Replace(who.Email, "", StringComparison.Ordinal).Replace(email, "", StringComparison.Ordinal).Split("\"createdAt\"")[0];
        (forTaken.Status, Alike(forTaken, person, owner.Email)).ShouldBe((200, Alike(forFree, other, free)));
        ((string?)forTaken.Body["user"]!["pendingEmail"]).ShouldBe(owner.Email);
        MailsTo(owner.Email).Single().Message.Subject.ShouldBe("[TICMaTe] Your address is in use already");
        MailsTo(person.Email).Select(m => m.Message.Subject).ShouldBe(MailsTo(other.Email).Select(m => m.Message.Subject));
    }

    [Fact]
    public async Task An_address_that_somebody_took_meanwhile_stays_theirs()
    {
        var (person, email) = (await SomeoneWithPassword(), AnAddress());
        await CallAndSettle(person, "PUT", "/api/auth/update", new { email });
        var token = TokenTo(email);
        await Register(email);

        (await Post("verify-email", new { token })).ShouldRefuse(400, "invalid-token");
        (await Load<PersonalData>(person.Id))!.Email.ShouldBe(person.Email);
    }

    [Fact]
    public async Task Of_two_new_addresses_the_later_counts()
    {
        var (person, first, second) = (await SomeoneWithPassword(), AnAddress(), AnAddress());
        await CallAndSettle(person, "PUT", "/api/auth/update", new { email = first });
        await CallAndSettle(person, "PUT", "/api/auth/update", new { email = second });

        (await Post("verify-email", new { token = TokenTo(first) })).ShouldRefuse(400, "invalid-token");
        (await Post("verify-email", new { token = TokenTo(second) })).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_session_older_than_an_hour_changes_the_name_but_not_the_address()
    {
        var person = await SomeoneWithPassword();
        await Change<Session>(person.SessionId, s => s with { StartedAt = s.StartedAt.AddMinutes(-61) });

        (await Call(person, "PUT", "/api/auth/update", new { name = "New", email = AnAddress() })).ShouldRefuse(403, "reauthentication-required");
        (await Load<PersonalData>(person.Id))!.Name.ShouldBe(person.Name);
        (await Call(person, "PUT", "/api/auth/update", new { name = "New", email = person.Email })).Status.ShouldBe(200);
    }

    [Fact]
    public async Task What_nobody_confirmed_is_forgotten()
    {
        var person = await SomeoneWithPassword();
        await CallAndSettle(person, "PUT", "/api/auth/update", new { email = AnAddress() });
        await Change<PersonalData>(person.Id, p => p with { PendingEmailUntil = DateTimeOffset.UtcNow.AddMinutes(-1) });
        await Change<OneTimeToken>(OneTimeToken.Key(person.Id, LinkPurpose.ChangeEmail), t => t with { ExpiresAt = DateTimeOffset.UtcNow.AddDays(-4) });

        await Host.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().OfType<SweepLinks>().Single().WorkAsync(Ct);

        (await Load<PersonalData>(person.Id))!.PendingEmail.ShouldBeNull();
        await using var session = Store.QuerySession();
        (await session.LoadAsync<OneTimeToken>(OneTimeToken.Key(person.Id, LinkPurpose.ChangeEmail), Ct)).ShouldBeNull();
        (await session.LoadAsync<MailQuota>(MailQuota.Key(person.Id, AccountMailKind.ChangeEmail), Ct)).ShouldNotBeNull();
    }
}

/// <summary>Where addresses need not be verified.</summary>
[Collection<OneApp>]
public sealed class ChangeEmailAtOnceTests(App app) : AccountTest(app)
{
    [Fact]
    public async Task A_new_address_counts_at_once_is_unproved_and_the_old_one_hears_of_it()
    {
        var (person, email) = (await Someone(), $"{Guid.NewGuid():N}@example.org");

        var reply = await CallAndSettle(person, "PUT", "/api/auth/update", new { email });

        ((string?)reply.Body["user"]!["email"], reply.Body["user"]!["pendingEmail"]).ShouldBe((email, null));
        (await EventsOf(person.Id)).OfType<EmailChanged>().ShouldHaveSingleItem();
        MailsTo(person.Email).ShouldHaveSingleItem();
        MailsTo(email).ShouldHaveSingleItem();
    }
}
