using Marten;
using Microsoft.Extensions.DependencyInjection;
using TicMate.Identity.Contracts;
using TicMate.Identity.Links;
using TicMate.Identity.Passwords;

namespace TicMate.Tests.Identity;

[Collection<OneVerifyingApp>]
public sealed class VerifyEmailTests(VerifyingApp app) : AccountTest(app)
{
    [Fact]
    public async Task A_new_account_opens_with_the_link_in_the_mail()
    {
        var email = AnAddress();
        (await Register(email)).Status.ShouldBe(201);
        (await LogIn(email)).ShouldRefuse(403, "email-not-verified");

        var mail = MailsTo(email).ShouldHaveSingleItem();
        TextOf(mail).ShouldContain($"https://tickets.example.org/auth/verify-email?token={TokenIn(mail)}");
        (await Post("verify-email", new { token = TokenIn(mail) })).Status.ShouldBe(200);

        var signedIn = await LogIn(email);
        (signedIn.Status, (bool)signedIn.Body["user"]!["isEmailVerified"]!).ShouldBe((200, true));
        (await EventsOf(await IdOf(email))).OfType<EmailVerified>().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Whether_an_account_is_unverified_is_told_only_to_who_knows_the_password()
    {
        var email = AnAddress();
        await Register(email);

        WholeAnswer(await LogIn(email, "Wrong123!")).ShouldBe(WholeAnswer(await LogIn(AnAddress(), "Wrong123!")));
    }

    [Fact]
    public async Task A_taken_address_is_answered_like_a_new_one_with_the_same_work_and_its_owner_hears_of_it_once_a_day()
    {
        var (email, before) = (AnAddress(), Hasher.Computed);
        var fresh = await Register(email);
        var workForNew = Hasher.Computed - before;

        before = Hasher.Computed;
        var taken = await Register(email.ToUpperInvariant(), Another);
        var workForTaken = Hasher.Computed - before;
        await Register(email, Another);

        WholeAnswer(taken).ShouldBe(WholeAnswer(fresh));
        fresh.Body.AsObject().Select(m => m.Key).ShouldBe(["success", "message"]);
        (workForNew, workForTaken).ShouldBe((1, 1));
        MailsTo(email).Select(m => m.Message.Subject).ShouldBe(["[TICMaTe] Confirm your e-mail address", "[TICMaTe] You already have an account"]);
        (await LogIn(email)).ShouldRefuse(403, "email-not-verified");
        (await LogIn(email, Another)).ShouldRefuse(401, "wrong-credentials");
    }

    [Fact]
    public async Task A_link_works_once_until_it_expires_and_only_while_it_is_the_newest()
    {
        var email = AnAddress();
        await Register(email);
        var older = TokenTo(email);
        await Post("resend-verification-email", new { email });
        var newer = TokenTo(email);

        newer.ShouldNotBe(older);
        (await Post("verify-email", new { token = older })).ShouldRefuse(400, "invalid-token");

        await Expire(await IdOf(email), LinkPurpose.VerifyEmail);
        (await Post("verify-email", new { token = newer })).ShouldRefuse(400, "invalid-token");

        await Post("resend-verification-email", new { email });
        var newest = TokenTo(email);
        (await Post("verify-email", new { token = newest })).Status.ShouldBe(200);
        (await Post("verify-email", new { token = newest })).ShouldRefuse(400, "invalid-token");
    }

    [Fact]
    public async Task Of_twenty_who_use_a_link_at_once_one_succeeds()
    {
        var email = AnAddress();
        await Register(email);
        var token = TokenTo(email);

        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Call(null, "POST", "/api/auth/verify-email", new { token })));

        replies.Count(r => r.Status == 200).ShouldBe(1);
        foreach (var refused in replies.Where(r => r.Status != 200))
            refused.ShouldRefuse(400, "invalid-token");
        (await EventsOf(await IdOf(email))).OfType<EmailVerified>().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_link_is_good_for_its_own_purpose_only()
    {
        var (email, person) = (AnAddress(), await SomeoneWithPassword());
        await Register(email);
        await Post("forgot-password", new { email = person.Email });

        (await Post("reset-password", new { token = TokenTo(email), newPassword = Another })).ShouldRefuse(400, "invalid-token");
        (await Post("verify-email", new { token = TokenTo(person.Email) })).ShouldRefuse(400, "invalid-token");
    }

    [Fact]
    public async Task A_link_proves_only_the_address_that_it_was_mailed_to()
    {
        var email = AnAddress();
        await Register(email);
        await Change<TicMate.Identity.Profile.PersonalData>(await IdOf(email), p => p with { Email = AnAddress() });

        (await Post("verify-email", new { token = TokenTo(email) })).ShouldRefuse(400, "invalid-token");
    }

    [Theory]
    [InlineData("\"\""), InlineData("null"), InlineData("5"), InlineData("\"short\""), InlineData("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"")]
    [InlineData("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'%\""), InlineData("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"")]
    public async Task What_is_no_token_is_refused(string token)
    {
        (await Call(null, "POST", "/api/auth/verify-email", $$"""{"token":{{token}}}""")).ShouldRefuse(400, "invalid-token");
        (await Call(null, "POST", "/api/auth/reset-password", $$"""{"token":{{token}},"newPassword":"{{Another}}"}""")).ShouldRefuse(400, "invalid-token");
    }

    [Theory]
    [InlineData("", false), InlineData("x", false), InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false), InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa+/", false)]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-_", true)]
    public void What_could_be_no_token_is_never_looked_up(string text, bool couldBe) => LinkTokens.IsWellFormed(text).ShouldBe(couldBe);

    [Fact]
    public async Task Resending_answers_alike_for_every_address_and_mails_three_times_an_hour_at_most()
    {
        var (waiting, verified, deactivated) = (AnAddress(), await SomeoneWithPassword(), await SomeoneWithPassword());
        await Register(waiting);
        await using (var session = Store.LightweightSession())
        {
            session.Events.Append(deactivated.Id, new UserDeactivated(deactivated.Id));
            await session.SaveChangesAsync(Ct);
        }

        var before = Hasher.Computed;
        foreach (var route in new[] { "resend-verification-email", "forgot-password" })
        {
            var answers = new List<string>();
            foreach (var email in new[] { waiting, verified.Email, deactivated.Email, AnAddress(), "nonsense" })
                answers.Add(WholeAnswer(await Post(route, new { email })));

            answers.Distinct().ShouldHaveSingleItem().ShouldStartWith("200");
            (await Post(route, new { })).ShouldFault("email");
            (await Post(route, new { email = 5 })).ShouldFault("email");
        }

        Hasher.Computed.ShouldBe(before);
        MailsTo(verified.Email).Select(m => m.Message.Subject).ShouldBe(["[TICMaTe] Choose a new password"]);
        MailsTo(deactivated.Email).ShouldBeEmpty();

        await Together(5, _ => Call(null, "POST", "/api/auth/resend-verification-email", new { email = waiting }));
        MailsTo(waiting).Count(m => m.Message.Subject!.Contains("Confirm", StringComparison.Ordinal)).ShouldBeInRange(1, 3);
        await Post("resend-verification-email", new { email = waiting });
        (await QuotaOf(waiting)).ShouldBe(3);

        await Change<MailQuota>(MailQuota.Key(await IdOf(waiting), AccountMailKind.VerifyEmail), q => q with { Sent = [.. q.Sent.Select(at => at.AddHours(-1))] });
        var sofar = MailsTo(waiting).Count;
        await Post("resend-verification-email", new { email = waiting });
        MailsTo(waiting).Count.ShouldBe(sofar + 1);
    }

    private async Task<int> QuotaOf(string email)
    {
        await using var session = Store.QuerySession();
        return (await session.LoadAsync<MailQuota>(MailQuota.Key(await IdOf(email), AccountMailKind.VerifyEmail), Ct))!.Sent.Length;
    }

    [Fact]
    public async Task A_request_for_nobody_leaves_as_much_in_the_queue_as_one_for_somebody()
    {
        (PrepareAccountMail.Of(null, AccountMailKind.ResetPassword) with { RecordId = Guid.Empty }).UserId.ShouldBe(PrepareAccountMail.Nobody);
        var (known, unknown) = (await SomeoneWithPassword(), AnAddress());

        (await Queued(known.Email), await Queued(unknown)).ShouldBe((1, 1));

        async Task<int> Queued(string email) => (await Wolverine.Tracking.WolverineHostMessageTrackingExtensions.ExecuteAndWaitAsync(
            Host, () => Call(null, "POST", "/api/auth/forgot-password", new { email }), 30_000)).Sent.MessagesOf<PrepareAccountMail>().Count();
    }

    [Fact]
    public async Task A_mail_sent_twice_carries_the_same_link_and_a_replaced_link_is_not_mailed()
    {
        var email = AnAddress();
        await Register(email);
        var user = await IdOf(email);
        var mails = Host.Services.GetRequiredService<AccountMails>();
        var first = await Load(user);

        await mails.SendAsync(new SendAccountMail(user, first.RecordId, AccountMailKind.VerifyEmail), Ct);
        var sent = MailsTo(email);
        (sent.Count, TokenIn(sent[1]), sent[1].Message.MessageId).ShouldBe((2, TokenIn(sent[0]), sent[0].Message.MessageId));

        await Post("resend-verification-email", new { email });
        await mails.SendAsync(new SendAccountMail(user, first.RecordId, AccountMailKind.VerifyEmail), Ct);
        MailsTo(email).Count.ShouldBe(3);

        await Post("verify-email", new { token = TokenTo(email) });
        await mails.SendAsync(new SendAccountMail(user, first.RecordId, AccountMailKind.VerifyEmail), Ct);
        MailsTo(email).Count.ShouldBe(3);

        async Task<OneTimeToken> Load(Guid id)
        {
            await using var session = Store.QuerySession();
            return (await session.LoadAsync<OneTimeToken>(OneTimeToken.Key(id, LinkPurpose.VerifyEmail), Ct))!;
        }
    }

    [Fact]
    public async Task A_mail_that_waited_longer_than_its_link_lives_carries_a_fresh_one()
    {
        var person = await SomeoneWithPassword();
        await Post("forgot-password", new { email = person.Email });
        var stale = TokenTo(person.Email);
        await Expire(person.Id, LinkPurpose.ResetPassword);
        await using var session = Store.QuerySession();
        var record = (await session.LoadAsync<OneTimeToken>(OneTimeToken.Key(person.Id, LinkPurpose.ResetPassword), Ct))!.RecordId;

        await Host.Services.GetRequiredService<AccountMails>().SendAsync(new SendAccountMail(person.Id, record, AccountMailKind.ResetPassword), Ct);

        TokenTo(person.Email).ShouldNotBe(stale);
        (await Post("reset-password", new { token = TokenTo(person.Email), newPassword = Another })).Status.ShouldBe(200);
    }

    [Fact]
    public async Task No_table_and_no_queue_holds_a_token()
    {
        var (email, person) = (AnAddress(), await SomeoneWithPassword());
        await Register(email);
        await Post("forgot-password", new { email = person.Email });
        await Call(person, "PUT", "/api/auth/update", new { email = AnAddress() });
        string[] tokens = [TokenTo(email), TokenTo(person.Email)];

        await using var session = Store.QuerySession();
        var tables = await session.QueryAsync<string>(
            "select quote_ident(table_schema) || '.' || quote_ident(table_name) from information_schema.tables where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')", Ct);
        tables.Count.ShouldBeGreaterThan(10);
        foreach (var table in tables)
            foreach (var token in tokens)
                (await session.QueryAsync<long>(
                    $"select count(*) from {table} t where t::text like '%{token}%' or t::text ilike '%{Convert.ToHexString(System.Text.Encoding.ASCII.GetBytes(token))}%'", Ct))
                    .Single().ShouldBe(0, table);
    }
}

/// <summary>Where addresses need not be verified.</summary>
public sealed class VerifyEmailAtLeisureTests(App app) : AppTest(app)
{
    [Fact]
    public async Task The_address_can_be_verified_where_it_need_not_be()
    {
        var email = $"{Guid.NewGuid():N}@example.org";
        var registered = await CallAndSettle(null, "POST", "/api/auth/register", new { name = "Ada", email, password = "Secret123!" });
        ((bool)registered.Body["user"]!["isEmailVerified"]!).ShouldBeFalse();
        (await Call(null, "POST", "/api/auth/login", new { email, password = "Secret123!" })).Status.ShouldBe(200);

        var mail = await Fakes.Mails.MailFor(App.Smtp, email, Ct);
        var token = mail.Message.TextBody!.Split("token=")[1].Split()[0];
        (await Call(null, "POST", "/api/auth/verify-email", new { token })).Status.ShouldBe(200);

        (await Load<User>(registered.Id("user")))!.IsEmailVerified.ShouldBeTrue();
    }
}
