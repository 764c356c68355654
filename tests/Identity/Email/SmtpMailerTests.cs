using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Options;
using TicMate.Identity.Email;
using TicMate.Tests.Fakes;

namespace TicMate.Tests.Identity.Email;

public sealed class SmtpMailerTests : IAsyncDisposable
{
    private const string Password = "pass-canary-9f2c";
    private static readonly Mail Hello = new("anna@example.org", "Anna", "Hello", "Hello Anna", "verify.17.1@ticmate.test");
    private readonly SmtpListener server = SmtpListener.Start();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_mail_arrives_as_it_was_written()
    {
        const string text = "Schöne Grüße\n\nhttps://example.org/?a=1";

        await Mailer().SendAsync(Hello with { ToName = "Jörg Müßig", Subject = "Grüße, 世界", Text = text }, Ct);

        var mail = await server.NextAsync(Ct);
        mail.From.ShouldBe("no-reply@ticmate.test");
        mail.To.ShouldBe(["anna@example.org"]);
        mail.Message.To.Mailboxes.Single().Name.ShouldBe("Jörg Müßig");
        mail.Message.From.Mailboxes.Single().Name.ShouldBe("TICMaTe");
        mail.Message.Subject.ShouldBe("Grüße, 世界");
        mail.Message.TextBody!.ReplaceLineEndings("\n").TrimEnd().ShouldBe(text);
        mail.Message.Body!.ContentType.MimeType.ShouldBe("text/plain");
        mail.Message.Body.ContentType.Charset.ShouldBe("utf-8");
        mail.Message.MessageId.ShouldBe("verify.17.1@ticmate.test");
        mail.Message.Headers["Auto-Submitted"].ShouldBe("auto-generated");
        mail.Message.Headers["X-Auto-Response-Suppress"].ShouldBe("All");
        mail.Message.Headers["Resend-Idempotency-Key"].ShouldBeNull();
        mail.Message.Date.ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task The_server_sees_the_configured_login()
    {
        await Mailer().SendAsync(Hello, Ct);

        var mail = await server.NextAsync(Ct);
        (mail.User, mail.Password).ShouldBe(("ticmate", Password));
    }

    [Fact]
    public async Task Without_a_user_there_is_no_login()
    {
        await Mailer(smtp => (smtp.User, smtp.Password) = (null, null)).SendAsync(Hello, Ct);

        (await server.NextAsync(Ct)).User.ShouldBeNull();
    }

    [Theory]
    [InlineData(".\n..\n.hidden\nend")]
    [InlineData("first\r\n.\r\nMAIL FROM:<evil@example.org>\r\nRCPT TO:<victim@example.org>\r\nDATA\r\nsecond mail")]
    [InlineData("first\n.\r\nMAIL FROM:<evil@example.org>")]
    [InlineData("first\r.\rMAIL FROM:<evil@example.org>")]
    public async Task Dots_do_not_end_a_mail(string text)
    {
        await Mailer().SendAsync(Hello with { Text = text }, Ct);

        var mail = await server.NextAsync(Ct);
        mail.Message.TextBody!.ReplaceLineEndings("\n").TrimEnd('\n').ShouldBe(text.ReplaceLineEndings("\n"));
        server.TryNext().ShouldBeNull();
        LoneLineEnds(mail.Raw).ShouldBe(0);
    }

    [Theory]
    [InlineData("\r\nBcc: victim@example.org\r\n")]
    [InlineData("\nBcc: victim@example.org")]
    [InlineData("\rBcc: victim@example.org")]
    [InlineData("\r\n\r\nBcc: victim@example.org\0")]
    [InlineData("\u2028Bcc: victim@example.org\u0085")]
    public async Task A_line_break_in_a_subject_or_a_name_adds_no_header(string attack)
    {
        await Mailer().SendAsync(Hello with { Subject = "Hello" + attack, ToName = "Anna" + attack }, Ct);

        var mail = await server.NextAsync(Ct);
        mail.To.ShouldBe(["anna@example.org"]);
        mail.Message.Headers.Select(header => header.Id.ToString()).ShouldBe(
            ["From", "Date", "Subject", "MessageId", "To", "AutoSubmitted", "Unknown", "MimeVersion"]);
        mail.Message.Body!.Headers.Select(header => header.Id.ToString()).ShouldBe(["ContentType"]);
        mail.Message.To.Mailboxes.Single().Address.ShouldBe("anna@example.org");
        mail.Message.Subject!.ShouldStartWith("Hello ");
    }

    [Fact]
    public async Task A_mail_sent_twice_is_known_by_its_message_id()
    {
        await Mailer().SendAsync(Hello, Ct);
        await Mailer().SendAsync(Hello, Ct);

        (await server.NextAsync(Ct)).Message.MessageId.ShouldBe((await server.NextAsync(Ct)).Message.MessageId);
    }

    [Theory]
    [InlineData(SmtpStage.Mail, 550)]
    [InlineData(SmtpStage.Rcpt, 550)]
    [InlineData(SmtpStage.Rcpt, 553)]
    [InlineData(SmtpStage.Data, 554)]
    [InlineData(SmtpStage.Body, 554)]
    public async Task A_5xx_to_the_mail_is_final(SmtpStage stage, int code)
    {
        server.At(stage, SmtpReaction.Refuse(code, $"5.1.1 <{Hello.To}> unknown, {Password}"));

        var refused = await Should.ThrowAsync<MailRefusedException>(Mailer().SendAsync(Hello, Ct));

        refused.Status.ShouldBe(code);
        refused.Message.ShouldContain($"{code}");
        TellsNothing(refused);
    }

    [Theory]
    [InlineData(SmtpStage.Connect, 421)]
    [InlineData(SmtpStage.Connect, 554)]
    [InlineData(SmtpStage.Mail, 451)]
    [InlineData(SmtpStage.Rcpt, 450)]
    [InlineData(SmtpStage.Data, 421)]
    [InlineData(SmtpStage.Body, 452)]
    public async Task A_4xx_and_a_refused_connection_may_be_tried_again(SmtpStage stage, int code)
    {
        server.At(stage, SmtpReaction.Refuse(code, $"4.2.0 <{Hello.To}> busy"));

        var unavailable = await Should.ThrowAsync<MailUnavailableException>(Mailer().SendAsync(Hello, Ct));

        unavailable.Status.ShouldBe(code);
        unavailable.Message.ShouldContain($"{code}");
        TellsNothing(unavailable);
        server.Behave();
        await Mailer().SendAsync(Hello, Ct);
        (await server.NextAsync(Ct)).Message.MessageId.ShouldBe(Hello.MessageId);
    }

    [Fact]
    public async Task A_refused_login_is_about_the_settings_not_about_the_mail()
    {
        server.At(SmtpStage.Auth, SmtpReaction.Refuse(535, $"5.7.8 bad credentials {Password}"));

        TellsNothing(await Should.ThrowAsync<MailUnavailableException>(Mailer().SendAsync(Hello, Ct)));
    }

    [Theory]
    [InlineData(SmtpStage.Connect)]
    [InlineData(SmtpStage.Auth)]
    [InlineData(SmtpStage.Rcpt)]
    [InlineData(SmtpStage.Data)]
    [InlineData(SmtpStage.Body)]
    public async Task A_cut_connection_may_be_tried_again(SmtpStage stage)
    {
        server.At(stage, SmtpReaction.Drop);

        TellsNothing(await Should.ThrowAsync<MailUnavailableException>(Mailer().SendAsync(Hello, Ct)));
    }

    [Theory]
    [InlineData(SmtpStage.Connect)]
    [InlineData(SmtpStage.Auth)]
    [InlineData(SmtpStage.Body)]
    public async Task A_silent_server_is_given_up(SmtpStage stage)
    {
        server.At(stage, SmtpReaction.Stall);

        var unavailable = await Should.ThrowAsync<MailUnavailableException>(Mailer(smtp => smtp.TimeoutSeconds = 1).SendAsync(Hello, Ct));

        unavailable.Message.ShouldBe("The mail server did not answer in time.");
    }

    [Fact]
    public async Task A_server_that_drips_is_given_up_too()
    {
        using var dripping = new TcpListener(IPAddress.Loopback, 0);
        dripping.Start();
        var drip = DripAsync(dripping);
        var mailer = Mailer(smtp => (smtp.Port, smtp.TimeoutSeconds) = (((IPEndPoint)dripping.LocalEndpoint).Port, 1));

        await Should.ThrowAsync<MailUnavailableException>(mailer.SendAsync(Hello, Ct)).WaitAsync(TimeSpan.FromSeconds(8), Ct);

        await drip.InTime("the connection is closed");
    }

    [Theory]
    [InlineData(SmtpStage.Quit, 421)]
    [InlineData(SmtpStage.Quit, 0)]
    [InlineData(SmtpStage.Quit, -1)]
    public async Task Once_taken_a_mail_is_sent_whatever_happens_at_parting(SmtpStage stage, int code)
    {
        server.At(stage, code switch { 0 => SmtpReaction.Drop, < 0 => SmtpReaction.Stall, _ => SmtpReaction.Refuse(code) });

        await Mailer().SendAsync(Hello, Ct);

        (await server.NextAsync(Ct)).Message.MessageId.ShouldBe(Hello.MessageId);
    }

    [Fact]
    public async Task Nobody_listening_may_be_tried_again()
    {
        var port = FreePort();

        TellsNothing(await Should.ThrowAsync<MailUnavailableException>(Mailer(smtp => smtp.Port = port).SendAsync(Hello, Ct)));
    }

    [Theory]
    [InlineData("starttls")]
    [InlineData("tls")]
    public async Task Without_the_tls_asked_for_nothing_is_sent(string security)
    {
        // A plain server never answers a TLS greeting, so this one waits for the timeout.
        var mailer = Mailer(smtp => (smtp.Security, smtp.TimeoutSeconds) = (security, 1));

        TellsNothing(await Should.ThrowAsync<MailUnavailableException>(mailer.SendAsync(Hello, Ct)));
        server.TryNext().ShouldBeNull();
    }

    [Fact]
    public async Task Whoever_cancels_hears_of_the_cancellation()
    {
        using var cancelled = new CancellationTokenSource();
        server.React = stage =>
        {
            if (stage != SmtpStage.Rcpt)
                return SmtpReaction.Accept;
            cancelled.Cancel();
            return SmtpReaction.Stall;
        };

        await Should.ThrowAsync<OperationCanceledException>(Mailer().SendAsync(Hello, cancelled.Token));
    }

    private SmtpMailer Mailer(Action<SmtpOptions>? change = null)
    {
        var smtp = new SmtpOptions { Host = "127.0.0.1", Port = server.Port, User = "ticmate", Password = Password };
        change?.Invoke(smtp);
        return new(Options.Create(new MailOptions { From = "TICMaTe <no-reply@ticmate.test>", Smtp = smtp }), TimeProvider.System);
    }

    private static void TellsNothing(Exception e)
    {
        e.ToString().ShouldNotContain(Hello.To);
        e.ToString().ShouldNotContain(Hello.Text);
        e.ToString().ShouldNotContain(Password);
    }

    private static int LoneLineEnds(byte[] raw)
    {
        var text = Encoding.Latin1.GetString(raw).Replace("\r\n", "", StringComparison.Ordinal);
        return text.Count(c => c is '\r' or '\n');
    }

    private static async Task DripAsync(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync(Ct);
        try
        {
            // The pace of the server, not a wait for something to happen.
            using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            do
                await client.GetStream().WriteAsync("220-still here\r\n"u8.ToArray(), Ct);
            while (await pace.WaitForNextTickAsync(Ct));
        }
        catch (IOException)
        {
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
