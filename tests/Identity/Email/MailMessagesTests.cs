using MimeKit;
using TicMate.Identity.Email;

namespace TicMate.Tests.Identity.Email;

public sealed class MailMessagesTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly MailboxAddress From = new("TICMaTe", "no-reply@ticmate.test");
    private static readonly Mail Hello = new("anna@example.org", "Anna", "Hello", "Hello Anna", "verify.17.1@ticmate.test");

    [Theory]
    [InlineData("")]
    [InlineData("anna")]
    [InlineData("@example.org")]
    [InlineData("anna@")]
    [InlineData("a b@example.org")]
    [InlineData("<anna@example.org>")]
    [InlineData("Anna <anna@example.org>")]
    [InlineData("anna@example.org, ben@example.org")]
    [InlineData("anna@example.org;ben@example.org")]
    [InlineData("anna@example.org\r\nBcc: ben@example.org")]
    [InlineData("anna@example.org\0")]
    [InlineData("anna@example.org\n")]
    [InlineData("anna@[127.0.0.1]")]
    [InlineData("\"anna\"@example.org")]
    [InlineData("anna(comment)@example.org")]
    [InlineData("anna@ben@example.org")]
    [InlineData("änna@example.org")]
    public void An_address_nobody_could_have_is_refused_without_naming_it(string address)
    {
        var refused = Should.Throw<MailRefusedException>(() => Compose(Hello with { To = address }));

        refused.Message.ShouldBe("The recipient's address is not valid.");
        refused.Status.ShouldBeNull();
    }

    [Theory]
    [InlineData("anna+tickets@mail.example.org")]
    [InlineData("o'neil_1@example.org")]
    public void An_ordinary_address_is_taken_as_it_is(string address) =>
        Compose(Hello with { To = address }).To.Mailboxes.Single().Address.ShouldBe(address);

    [Theory]
    [InlineData("")]
    [InlineData("verify")]
    [InlineData("a@b>\r\nBcc: ben@example.org")]
    [InlineData("a b@c")]
    [InlineData("a@b@c")]
    public void A_message_id_that_is_none_is_refused(string id) =>
        Should.Throw<MailRefusedException>(() => Compose(Hello with { MessageId = id }));

    [Fact]
    public void Brackets_around_a_message_id_make_no_difference() =>
        Compose(Hello with { MessageId = "<verify.17.1@ticmate.test>" }).MessageId.ShouldBe("verify.17.1@ticmate.test");

    [Fact]
    public void Resend_is_told_by_which_key_to_know_a_repeat()
    {
        var id = $"{new string('a', 180)}@ticmate.test";

        var sent = Sent(MailMessages.Compose(Hello with { MessageId = id }, From, Now, resend: true));

        sent.Headers["Resend-Idempotency-Key"].ShouldBe(id);
        sent.MessageId.ShouldBe(id);
    }

    [Fact]
    public void The_body_keeps_tabs_and_umlauts_and_loses_control_characters() =>
        Sent(Compose(Hello with { Text = "a\tb\0\u001b[2J\u0085c\rÄ😀" })).TextBody!.ReplaceLineEndings("\n")
            .ShouldBe("a\tb[2J\nc\nÄ😀");

    [Fact]
    public void A_very_long_line_arrives_whole()
    {
        var text = string.Concat(Enumerable.Repeat("ü.", 5_000));

        Sent(Compose(Hello with { Text = text })).TextBody!.ShouldBe(text);
    }

    [Fact]
    public void Broken_unicode_harms_nobody() =>
        Sent(Compose(Hello with { Subject = "a\ud800b", ToName = "\udc00", Text = "x\ud800y" })).TextBody!.ShouldBe("x\ufffdy");

    [Fact]
    public void A_mail_in_a_log_tells_only_its_id() =>
        Hello.ToString().ShouldBe("Mail verify.17.1@ticmate.test");

    private static MimeMessage Compose(Mail mail) => MailMessages.Compose(mail, From, Now, resend: false);

    private static MimeMessage Sent(MimeMessage message)
    {
        message.Prepare(EncodingConstraint.SevenBit);
        using var wire = new MemoryStream();
        message.WriteTo(wire);
        wire.Position = 0;
        return MimeMessage.Load(wire);
    }
}
