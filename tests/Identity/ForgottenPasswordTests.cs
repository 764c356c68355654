using Microsoft.Extensions.DependencyInjection;
using TicMate.Identity.Contracts;
using TicMate.Identity.Links;
using TicMate.Identity.Profile;
using TicMate.Identity.Sessions;

namespace TicMate.Tests.Identity;

[Collection<OneVerifyingApp>]
public sealed class ForgottenPasswordTests(VerifyingApp app) : AccountTest(app)
{
    [Fact]
    public async Task A_new_password_is_set_with_the_link_and_ends_every_session()
    {
        var person = await SomeoneWithPassword();
        await Post("forgot-password", new { email = person.Email.ToUpperInvariant() });
        var link = MailsTo(person.Email).ShouldHaveSingleItem();
        TextOf(link).ShouldContain($"https://tickets.example.org/auth/reset-password?token={TokenIn(link)}");

        var reset = await Post("reset-password", new { token = TokenIn(link), newPassword = Another });

        reset.Status.ShouldBe(200);
        reset.Body.AsObject().Select(m => m.Key).ShouldBe(["success", "message"]);
        reset.Http.Response.Headers.SetCookie.ShouldBeEmpty();
        (await Call(person, "GET", "/api/auth/user")).ShouldRefuse(401, "unauthenticated");
        (await EventsOf(person.SessionId)).OfType<SessionEnded>().Single().Reason.ShouldBe("password-reset");
        (await EventsOf(person.Id)).OfType<PasswordReset>().ShouldHaveSingleItem();
        (await LogIn(person.Email)).ShouldRefuse(401, "wrong-credentials");
        (await LogIn(person.Email, Another)).Status.ShouldBe(200);
        MailsTo(person.Email)[^1].Message.Subject.ShouldBe("[TICMaTe] Your password has changed");
        (await Post("reset-password", new { token = TokenIn(link), newPassword = "Yet-Another-Horse-8" })).ShouldRefuse(400, "invalid-token");
    }

    [Fact]
    public async Task The_link_proves_the_address()
    {
        var email = AnAddress();
        await Register(email);
        await Post("forgot-password", new { email });
        await Post("reset-password", new { token = TokenTo(email), newPassword = Another });

        (await LogIn(email, Another)).Status.ShouldBe(200);
        (await Load<User>(await IdOf(email)))!.IsEmailVerified.ShouldBeTrue();
    }

    [Fact]
    public async Task A_bad_password_is_refused_and_leaves_the_link_good()
    {
        var person = await SomeoneWithPassword();
        await Post("forgot-password", new { email = person.Email });
        var token = TokenTo(person.Email);

        (await Post("reset-password", new { token })).ShouldFault("newPassword");
        (await Post("reset-password", new { token, newPassword = "Short1!" })).ShouldFault("newPassword");
        (await Post("reset-password", new { token, newPassword = Password })).ShouldFault("newPassword");
        (await Post("reset-password", new { token, newPassword = $"Xy1!{person.Name}" })).ShouldFault("newPassword");
        (await Post("reset-password", new { token, newPassword = Another })).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Of_eight_who_use_a_link_at_once_one_succeeds()
    {
        var person = await SomeoneWithPassword();
        await Post("forgot-password", new { email = person.Email });
        var token = TokenTo(person.Email);

        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(n =>
            Call(null, "POST", "/api/auth/reset-password", new { token, newPassword = $"{Another}{n}" })));

        replies.Count(r => r.Status == 200).ShouldBe(1);
        foreach (var refused in replies.Where(r => r.Status != 200))
            refused.ShouldRefuse(400, "invalid-token");
        (await EventsOf(person.Id)).OfType<PasswordReset>().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task An_expired_link_and_one_of_a_deactivated_account_are_worth_nothing()
    {
        var (late, gone) = (await SomeoneWithPassword(), await SomeoneWithPassword());
        await Post("forgot-password", new { email = late.Email });
        await Post("forgot-password", new { email = gone.Email });
        await Expire(late.Id, LinkPurpose.ResetPassword);
        await using (var session = Store.LightweightSession())
        {
            session.Events.Append(gone.Id, new UserDeactivated(gone.Id));
            await session.SaveChangesAsync(Ct);
        }

        (await Post("reset-password", new { token = TokenTo(late.Email), newPassword = Another })).ShouldRefuse(400, "invalid-token");
        (await Post("reset-password", new { token = TokenTo(gone.Email), newPassword = Another })).ShouldRefuse(400, "invalid-token");
    }

    [Fact]
    public async Task Of_many_requests_at_once_three_count_and_only_the_newest_link_works()
    {
        var person = await SomeoneWithPassword();
        foreach (var reply in await Together(6, _ => Call(null, "POST", "/api/auth/forgot-password", new { email = person.Email })))
            reply.Status.ShouldBe(200);

        // One that is replaced before it is sent is not sent at all.
        var links = MailsTo(person.Email).Select(TokenIn).ToArray();
        links.Length.ShouldBeInRange(1, 3);
        await using var session = Store.QuerySession();
        (await session.LoadAsync<MailQuota>(MailQuota.Key(person.Id, AccountMailKind.ResetPassword), Ct))!.Sent.Length.ShouldBe(3);

        var replies = new List<int>();
        foreach (var link in links)
            replies.Add((await Post("reset-password", new { token = link, newPassword = Another })).Status);
        replies.Count(status => status == 200).ShouldBe(1);
    }

    [Fact]
    public async Task An_invited_person_sets_the_first_password_with_the_link_from_the_mail_or_from_an_operator()
    {
        var links = Host.Services.GetRequiredService<AccountLinks>();
        foreach (var mailed in new[] { true, false })
        {
            var (id, email) = (Guid.CreateVersion7(), AnAddress());
            await using (var session = Store.LightweightSession())
            {
                session.Events.StartStream<User>(id, new UserInvited(id, Roles.Moderator, []));
                session.Store(new PersonalData { Id = id, Name = "Grace", Email = email });
                await session.SaveChangesAsync(Ct);
            }

            (await LogIn(email)).ShouldRefuse(401, "wrong-credentials");
            if (mailed)
                await Wolverine.Tracking.WolverineHostMessageTrackingExtensions.InvokeMessageAndWaitAsync(Host, PrepareAccountMail.Invitation(id), 30_000);
            var link = mailed ? TextOf(MailsTo(email).Single()) : await links.ForInvitationAsync(id, Ct);
            link.ShouldContain("https://tickets.example.org/auth/reset-password?token=");

            (await Post("reset-password", new { token = link.Split("token=")[1].Split()[0], newPassword = Another })).Status.ShouldBe(200);
            (await LogIn(email, Another)).Status.ShouldBe(200);
        }
    }
}

[Collection<OneVerifyingApp>]
public sealed class UpdatePasswordTests(VerifyingApp app) : AccountTest(app)
{
    [Fact]
    public async Task A_new_password_ends_the_other_sessions_and_is_told_by_mail()
    {
        var person = await SomeoneWithPassword();
        var elsewhere = person with { Token = (string)(await LogIn(person.Email)).Body["token"]! };

        var reply = await CallAndSettle(person, "PUT", "/api/auth/update-password", new { oldPassword = Password, newPassword = Another });

        (reply.Status, reply.Body["message"]).ShouldNotBe((200, null));
        (await Call(person, "GET", "/api/auth/user")).Status.ShouldBe(200);
        (await Call(elsewhere, "GET", "/api/auth/user")).ShouldRefuse(401, "unauthenticated");
        (await EventsOf(person.Id)).OfType<PasswordChanged>().ShouldHaveSingleItem();
        MailsTo(person.Email)[^1].Message.Subject.ShouldBe("[TICMaTe] Your password has changed");
        (await LogIn(person.Email)).ShouldRefuse(401, "wrong-credentials");
        (await LogIn(person.Email, Another)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_wrong_old_password_and_a_bad_new_one_are_refused()
    {
        var person = await SomeoneWithPassword();
        Task<Reply> Update(object? oldPassword, object? newPassword) => Call(person, "PUT", "/api/auth/update-password", new { oldPassword, newPassword });

        (await Update("Wrong123!", Another)).ShouldFault("oldPassword");
        (await Update("Wrong123!", $"Xy1!{person.Name}")).ShouldFault("oldPassword", "newPassword");
        (await Update(Password, Password)).ShouldFault("newPassword");
        (await Update(Password, "Qwerty123!")).ShouldFault("newPassword");
        (await Update(null, 5)).ShouldFault("oldPassword", "newPassword");
        (await Update(new string('x', 1_025), Another)).ShouldFault("oldPassword");
        (await Call(null, "PUT", "/api/auth/update-password", new { })).ShouldRefuse(401, "unauthenticated");

        (await EventsOf(person.Id)).OfType<PasswordChanged>().ShouldBeEmpty();
        (await LogIn(person.Email)).Status.ShouldBe(200);
    }
}
